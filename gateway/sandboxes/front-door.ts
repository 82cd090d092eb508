/** The HTTP server of a gateway with sandboxes behind it. */
import type { FastifyServerFactory } from 'fastify';
import { createServer } from 'node:http';
import type { InnerGateway, Sandboxes } from './sandboxes.ts';

/** For Fastify's `serverFactory`. Requests that are for no sandbox cost one comparison until there has been one. */
export function frontDoor<Inner extends InnerGateway>(sandboxes: Sandboxes<Inner>): FastifyServerFactory {
  return (handle, options) => {
    const server = createServer((request, response) => {
      if (!sandboxes.take(request, response)) handle(request, response);
    });
    // As Fastify sets them on a server that it makes.
    const { keepAliveTimeout, requestTimeout, connectionTimeout } = options as Record<string, number>;
    if (keepAliveTimeout !== undefined) server.keepAliveTimeout = keepAliveTimeout;
    if (requestTimeout !== undefined) server.requestTimeout = requestTimeout;
    server.setTimeout(connectionTimeout ?? 0);
    return server;
  };
}
