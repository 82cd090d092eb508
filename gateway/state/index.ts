/** The door of the state: all that a gateway holds, saved and restored in one piece. */
export { GatewayState } from './gateway-state.ts';
export { stateRoutes } from './state-routes.ts';
