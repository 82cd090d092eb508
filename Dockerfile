# Tollgate in a container: exactly the files of the npm package, and its production dependencies.
# Not yet run with a container engine; scripts/container.test.ts checks what can be checked without one, and runs what it runs.

FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts, because `prepare` builds, and the sources are not here yet.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build \
 && npm pack --ignore-scripts \
 && mkdir /package \
 && tar -xzf tollgate-*.tgz -C /package --strip-components=1

FROM node:20-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:20-slim
ENV NODE_ENV=production \
    TOLLGATE_HOST=0.0.0.0 \
    TOLLGATE_PORT=8080
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /package ./
USER node
EXPOSE 8080
# Whether the process answers, `serve` and `worker` alike: both listen once they have what they need. Being without Redis for a while is
# no reason to be replaced, which is what becomes of the unhealthy in a cluster; who spreads load asks /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.TOLLGATE_PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1 here: it gets SIGTERM itself and shuts down in order. It writes nothing but where it is told to, so the root may be
# read-only.
ENTRYPOINT ["node", "dist/gateway/cli/main.js"]
CMD ["serve"]
