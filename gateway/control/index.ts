/** The door of control: time, real or moved by hand, and what is wrong on purpose. */
export { clockRoutes } from './clock-routes.ts';
export { ControlledClock } from './controlled-clock.ts';
export { FAULT_KINDS } from './fault.ts';
export { openFaults } from './open-faults.ts';
export { systemClock, systemTimers } from './system-clock.ts';
