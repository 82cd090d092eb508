/** Credentials of the operator, asked for by every route that changes the world. */
import basicAuth from '@fastify/basic-auth';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ServeOptions } from './options.ts';

/** A hook that asks for the admin's name and password, if the operator set them. */
export async function adminHook(
  app: FastifyInstance,
  options: Pick<ServeOptions, 'adminUser' | 'adminPassword'>,
): Promise<onRequestHookHandler | undefined> {
  const { adminUser, adminPassword } = options;
  if (adminUser === undefined || adminPassword === undefined) return undefined;
  await app.register(basicAuth, {
    authenticate: { realm: 'tollgate' },
    validate: (user, password, _request, _reply, done) => {
      const isRight = isSame(user, adminUser) && isSame(password, adminPassword);
      done(isRight ? undefined : new Error('wrong user name or password'));
    },
  });
  return app.basicAuth;
}

/** Compares secrets in a time that does not depend on where they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
