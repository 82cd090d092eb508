/** The door of the console: the live page and its stream as one Fastify plugin. */
export { consoleRoutes } from './console-routes.ts';
export type { LiveEvent, RegimeNow } from './live-event.ts';
