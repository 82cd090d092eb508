/** The door of the console: the live page and its stream as one Fastify plugin. */
export { consoleRoutes, type LiveEvent } from './console-routes.ts';
