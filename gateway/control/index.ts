/** The door of control: time, real or moved by hand, and what is wrong on purpose. */
export { clockRoutes } from './clock-routes.ts';
export { ControlledClock } from './controlled-clock.ts';
export { FAULT_KINDS } from './fault.ts';
export { FaultStoreUnavailable } from './fault-store.ts';
export { type FaultFigures, type FaultsOptions, type OpenedFaults, openFaults } from './open-faults.ts';
export { parseMoment } from './moment.ts';
export { systemClock, systemTimers } from './system-clock.ts';
