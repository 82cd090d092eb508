/** The door of the core: one message in, one decision out. Pure: no I/O, no clock, no chance of its own. */
export { ACCOUNT_PROFILES, boundsOf } from './account-profiles.ts';
export {
  type Account,
  ACCOUNT_BOUND_MAX,
  API_ID,
  API_ID_SHAPE,
  API_SECRET,
  API_SECRET_SHAPE,
  ACCOUNT_BOUNDS,
  ACCOUNT_ID,
  type AccountBounds,
  AccountTable,
  NO_ACCOUNT,
  UNLIMITED,
} from './account-table.ts';
export type { Clock, Rng, Timers } from './clock.ts';
export {
  Binding,
  bindingAt,
  BINDINGS,
  decisionAt,
  DecisionCode,
  DECISIONS,
  HandsetOutcome,
  HANDSET_OUTCOMES,
  MessageKind,
  MESSAGE_KINDS,
  nameAt,
  Registration,
  REGISTRATION_LABELS,
  registrationLabelIndex,
  REGISTRATION_REASONS,
  Route,
  ROUTES,
  TRUTHS,
} from './codes.ts';
export { bookInForce, type Core, createCore, makeRoomForLimits, type World } from './core.ts';
export {
  CARRIER_LABELS,
  type Cell,
  Counters,
  handsetCells,
  messageCells,
  PAYEES,
  type RevenueAxis,
  revenueCells,
  REVENUE_LABELS,
  type RevenueLabels,
} from './counters.ts';
export { classifySender, decide, foresee } from './decide.ts';
export { takeInbound } from './inbound.ts';
export { LimitUse } from './limit-use.ts';
export {
  isLimitedByClass,
  type Level,
  type Limits,
  type NumberLimits,
  MINUTE_MS,
  ownLimits,
  SECOND_MS,
  type SharedLimits,
} from './limits.ts';
export { OPT_OUTS_MAX, OptOuts } from './opt-outs.ts';
export { namedStream, type NamedStream } from './named-stream.ts';
export { readRegimes } from './read-regimes.ts';
export { Regime, type RegimeRow, REGIMES, RegimeTable } from './regime-table.ts';
export { countSegments, Encoding, encodingOf, INVALID_TEXT, segmentsOf } from './segments.ts';
export { clearQuote, clearResult, MessageSlot } from './slot.ts';
export type { Stateful } from './stateful.ts';
