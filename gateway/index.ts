/** The door of the package: open a gateway in this process. */
export { CannotStart, type LoadedWorld, loadWorld } from './load-world.ts';
export { compileDecisionsWhole } from './inlining.ts';
export { type Gateway, type GatewayParts, openGateway } from './main.ts';
export { SHUTDOWN_GRACE_MS } from './limits.ts';
export { readOptions, type ServeOptions } from './options.ts';
