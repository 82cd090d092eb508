/** The door of the console: the live page and its stream as one Fastify plugin. */
export { consoleRoutes, type ConsoleRoutes, type LiveEvent, type RegimeNow } from './console-routes.ts';
