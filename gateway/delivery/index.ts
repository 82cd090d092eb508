/** The door of delivery: the carriers at the far end, and the receipts that come back. */
export { callbackGuard } from './callback-guard.ts';
export { Callbacks } from './callbacks.ts';
export { DELIVERY_TICK_MS, SimulatedCarriers } from './simulated-carriers.ts';
