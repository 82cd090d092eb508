/** The door of the sandboxes: gateways for tests behind the door of another one. */
export { frontDoor } from './front-door.ts';
export { sandboxRoutes } from './sandbox-routes.ts';
export { SANDBOX_HEADER, Sandboxes, type SandboxSettings } from './sandboxes.ts';
