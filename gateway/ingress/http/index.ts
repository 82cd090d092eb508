/** The door of the HTTP ingress: the native API as one Fastify plugin. */
import type { FastifyPluginCallback } from 'fastify';
import { batchRoutes } from './batch.ts';
import { healthRoutes, type HealthRoutes } from './health.ts';
import { inboundRoutes, type InboundRoutes } from './inbound.ts';
import { magicNumberRoutes } from './magic-numbers.ts';
import { messageRoutes, type MessageRoutes } from './messages.ts';
import { rateRoutes, type RateRoutes } from './rates.ts';
import { regimeRoutes, type RegimeRoutes } from './regime.ts';
import { registryRoutes, type RegistryRoutes } from './registry.ts';

export type NativeApi = MessageRoutes & InboundRoutes & HealthRoutes & RateRoutes & RegimeRoutes & RegistryRoutes;

export const nativeApi: FastifyPluginCallback<NativeApi> = (app, routes, done) => {
  // JSON is all this API reads; the server would also hand plain text over as a string.
  app.removeContentTypeParser('text/plain');
  app.register(messageRoutes, routes);
  app.register(batchRoutes, routes);
  app.register(inboundRoutes, routes);
  app.register(registryRoutes, routes);
  app.register(magicNumberRoutes, routes);
  app.register(rateRoutes, routes);
  app.register(regimeRoutes, routes);
  app.register(healthRoutes, routes);
  done();
};

export { healthRoutes } from './health.ts';
export { readMessage } from './read-message.ts';
