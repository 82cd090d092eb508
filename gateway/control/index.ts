/** The door of control: the real clock and timers. */
export { systemClock, systemTimers } from './system-clock.ts';
