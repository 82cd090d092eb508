/**
 * One fault: what somebody wrote, checked and made ready to be asked about, and when it is in force.
 *
 * A fault does one thing (an outage, errors, …) to what its scope covers, in a window of time or in one that comes again. Moments are the
 * writer's own or counted from when it was set; here they are all moments.
 */
import Type from 'typebox';
import { CARRIERS } from '../../registry-cache/index.ts';
import { ACCOUNT_LENGTH_MAX, FAULT_MS_MAX, FAULT_SLOW_MS_MAX, FAULTS_MAX } from '../limits.ts';
import { DELIVERY_ERRORS, type FaultKind } from '../messages/index.ts';
import type { FieldProblem } from '../problem.ts';
import { ROUTES } from '../router/index.ts';
import { MOMENT_REMEDY, parseMoment } from './moment.ts';

/** Everything a fault can do: to messages at a carrier, or to the connection by which they are sent. */
export type AnyFaultKind = FaultKind | 'disconnect' | 'slow';

export const FAULT_KINDS: readonly AnyFaultKind[] = [
  'outage',
  'error',
  'throttle',
  'latency',
  'receipt_loss',
  'receipt_duplicate',
  'receipt_delay',
  'disconnect',
  'slow',
];

export const FAULT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const RATE_MAX = 1_000_000;
const SIGMA_MAX = 4;

const carrierIds = CARRIERS.map(({ id }) => id);
/** All but "none", which is nothing to fail with. */
const errorNames = DELIVERY_ERRORS.slice(1).map(({ name }) => name);

const exact = { additionalProperties: false };
const share = (description: string): Type.TNumber => Type.Number({ minimum: 0, maximum: 1, description });
const ms = (description: string, minimum = 0, maximum = FAULT_MS_MAX): Type.TInteger =>
  Type.Integer({ minimum, maximum, description });

const settings = {
  scope: Type.Optional(
    Type.Object(
      {
        carrier: Type.Optional(Type.Enum(carrierIds)),
        account: Type.Optional(Type.String({ minLength: 1, maxLength: ACCOUNT_LENGTH_MAX })),
        route: Type.Optional(Type.Enum([...ROUTES])),
      },
      { ...exact, description: 'What it concerns: everything that has all of these; everything at all when left out.' },
    ),
  ),
  outage: Type.Optional(Type.Literal(true, { description: 'The carrier takes nothing.' })),
  errors: Type.Optional(
    Type.Object(
      { code: Type.Enum(errorNames), rate: share('Share of messages.') },
      { ...exact, description: 'Messages fail with a code. The rates of several such faults add up.' },
    ),
  ),
  throttle: Type.Optional(
    Type.Object(
      { messagesPerSecond: Type.Number({ exclusiveMinimum: 0, maximum: RATE_MAX }) },
      { ...exact, description: 'The carrier takes no more than this.' },
    ),
  ),
  latency: Type.Optional(
    Type.Object(
      {
        medianMs: ms('', 1),
        sigma: Type.Number({
          minimum: 0,
          maximum: SIGMA_MAX,
          description: 'Of the logarithm; 0 for always the median.',
        }),
        capMs: ms('No receipt takes longer.', 1),
      },
      { ...exact, description: "Time to the receipt, lognormal, in place of the carrier's own." },
    ),
  ),
  receipts: Type.Optional(
    Type.Object(
      {
        lossRate: Type.Optional(share('Share of receipts that never come.')),
        duplicateRate: Type.Optional(share('Share that come twice.')),
        delayMs: Type.Optional(ms('How much later they come.')),
      },
      { ...exact, minProperties: 1, description: 'Receipts are lost, doubled or late.' },
    ),
  ),
  disconnect: Type.Optional(
    Type.Object(
      { rate: share('Share of requests.') },
      {
        ...exact,
        description:
          'Connections of senders are cut, by whichever API they send: half before anything is taken, half instead of the answer.',
      },
    ),
  ),
  slow: Type.Optional(
    Type.Object(
      { delayMs: ms('', 0, FAULT_SLOW_MS_MAX) },
      { ...exact, description: 'Answers to those who send messages are held back.' },
    ),
  ),
  from: Type.Optional(
    Type.String({ description: 'When it begins, as 2024-03-01T18:00:00-08:00; at once when left out.' }),
  ),
  until: Type.Optional(Type.String({ description: 'When it is over for good; never when left out.' })),
  afterMs: Type.Optional(ms('When it begins, counted from when it is set; in place of from.')),
  forMs: Type.Optional(ms('How long it lasts; in place of until, or with everyMs each time.', 1)),
  everyMs: Type.Optional(ms('It comes again, from one beginning to the next.', 1)),
  seed: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Of the chance which connections are cut; that of the gateway when left out.',
    }),
  ),
};

/** A fault without its id. */
export const FaultSettings = Type.Object(settings, exact);
export type FaultSettings = Type.Static<typeof FaultSettings>;

export const FaultWritten = Type.Object(
  {
    id: Type.String({ pattern: FAULT_ID.source, description: 'Yours: letters, digits, dots, dashes, underscores.' }),
    ...settings,
  },
  exact,
);
export type FaultWritten = Type.Static<typeof FaultWritten>;

export const FaultDocument = Type.Object({ faults: Type.Array(FaultWritten, { maxItems: FAULTS_MAX }) }, exact);

/** What is to be given, by the last part of the field's name, for fields of which a schema only says what is wrong. */
export const FAULT_REMEDIES: Readonly<Record<string, string>> = {
  id: 'must be 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
  rate: 'must be a share from 0 to 1',
  lossRate: 'must be a share from 0 to 1',
  duplicateRate: 'must be a share from 0 to 1',
  sigma: `must be a number from 0 to ${SIGMA_MAX}`,
  messagesPerSecond: `must be above 0, at most ${RATE_MAX}; for a carrier that takes nothing set an outage`,
  account: `must be text of 1 to ${ACCOUNT_LENGTH_MAX} characters, as messages give it`,
  faults: `must be a list of at most ${FAULTS_MAX} faults`,
  receipts: 'must have lossRate, duplicateRate or delayMs',
  outage: 'must be true; leave it out for a fault of another kind',
  medianMs: `must be a whole number of milliseconds from 1 to ${FAULT_MS_MAX}`,
  capMs: `must be a whole number of milliseconds from 1 to ${FAULT_MS_MAX}`,
  delayMs: `must be a whole number of milliseconds from 0 to ${FAULT_MS_MAX}, for slow to ${FAULT_SLOW_MS_MAX}`,
  afterMs: `must be a whole number of milliseconds from 0 to ${FAULT_MS_MAX}`,
  forMs: `must be a whole number of milliseconds from 1 to ${FAULT_MS_MAX}`,
  everyMs: `must be a whole number of milliseconds from 1 to ${FAULT_MS_MAX}`,
  from: MOMENT_REMEDY,
  until: MOMENT_REMEDY,
};

/** A fault as it was written, and when: all that is kept of it. */
export interface SetFault {
  readonly written: FaultWritten;
  readonly setAtMs: number;
  /** Its own each time a fault is set: two may be set under one id at one moment, as while time stands. */
  readonly mark: string;
}

/** In `carrier` and `route` of a fault that concerns all of them. */
export const ANY = -1;

export interface Fault extends SetFault {
  /** Tells it from another one that was set under the same id. */
  readonly key: string;
  readonly kinds: readonly AnyFaultKind[];
  /** Index into CARRIERS, or ANY. */
  readonly carrier: number;
  /** `Route`, or ANY. */
  readonly route: number;
  /** Undefined concerns all. */
  readonly account: string | undefined;
  readonly startMs: number;
  /** Infinity if it never ends. */
  readonly endMs: number;
  /** How long it lasts each time; Infinity if it comes once. */
  readonly forMs: number;
  readonly everyMs: number;
}

const WHAT_IT_DOES = ['outage', 'errors', 'throttle', 'latency', 'receipts', 'disconnect', 'slow'] as const;

/** Makes a fault of what the schema has let pass, or says what is wrong with it. `field` is put before names of fields. */
export function readFault({ written, setAtMs, mark }: SetFault, field = ''): Fault | FieldProblem {
  const wrong = (name: string, message: string): FieldProblem => ({ field: field + name, message });
  const done = WHAT_IT_DOES.filter((name) => written[name] !== undefined);
  if (done.length !== 1) {
    const found = done.length === 0 ? 'does nothing' : `does ${done.join(' and ')}`;
    return wrong(done[1] ?? 'id', `the fault ${found}; give it exactly one of ${WHAT_IT_DOES.join(', ')}`);
  }
  const { scope = {}, seed, latency } = written;
  const isOfConnections = written.disconnect !== undefined || written.slow !== undefined;
  if (isOfConnections && (scope.carrier ?? scope.route) !== undefined) {
    const name = scope.carrier === undefined ? 'route' : 'carrier';
    return wrong(`scope.${name}`, `a connection has no ${name}; leave it out`);
  }
  if (seed !== undefined && written.disconnect === undefined) {
    return wrong(
      'seed',
      'is for disconnect; what becomes of a message is drawn from the seed of the gateway; leave it out',
    );
  }
  if (latency !== undefined && latency.capMs < latency.medianMs) {
    return wrong('latency.capMs', `is below the median of ${latency.medianMs}; give a larger one`);
  }
  const times = readTimes(written, setAtMs);
  if ('message' in times) return wrong(times.field, times.message);
  return {
    written,
    setAtMs,
    mark,
    key: `${written.id}@${mark}`,
    kinds: kindsOf(written),
    carrier: scope.carrier === undefined ? ANY : carrierIds.indexOf(scope.carrier),
    route: scope.route === undefined ? ANY : ROUTES.indexOf(scope.route),
    account: scope.account,
    ...times,
  };
}

/** `DeliveryError` of a name. */
export function errorCodeOf(name: string): number {
  return DELIVERY_ERRORS.findIndex((one) => one.name === name);
}

function kindsOf({ outage, errors, throttle, latency, receipts, disconnect, slow }: FaultWritten): AnyFaultKind[] {
  const does: Readonly<Record<AnyFaultKind, boolean>> = {
    outage: outage !== undefined,
    error: errors !== undefined,
    throttle: throttle !== undefined,
    latency: latency !== undefined,
    receipt_loss: (receipts?.lossRate ?? 0) > 0,
    receipt_duplicate: (receipts?.duplicateRate ?? 0) > 0,
    receipt_delay: (receipts?.delayMs ?? 0) > 0,
    disconnect: disconnect !== undefined,
    slow: slow !== undefined,
  };
  return FAULT_KINDS.filter((kind) => does[kind]);
}

type Times = Pick<Fault, 'startMs' | 'endMs' | 'forMs' | 'everyMs'>;

function readTimes(written: FaultWritten, setAtMs: number): Times | FieldProblem {
  const { from, until, afterMs, forMs, everyMs } = written;
  if (from !== undefined && afterMs !== undefined) {
    return { field: 'afterMs', message: 'says when it begins, and so does from; leave one of them out' };
  }
  const startMs = from === undefined ? setAtMs + (afterMs ?? 0) : parseMoment(from);
  if (Number.isNaN(startMs)) return { field: 'from', message: MOMENT_REMEDY };
  const untilMs = until === undefined ? Infinity : parseMoment(until);
  if (Number.isNaN(untilMs)) return { field: 'until', message: MOMENT_REMEDY };
  if (untilMs <= startMs) {
    const begins = new Date(startMs).toISOString();
    return { field: 'until', message: `is not after its beginning at ${begins}; give a later moment` };
  }
  if (everyMs !== undefined) {
    if (forMs === undefined) return { field: 'forMs', message: 'is missing: how long it lasts each time; add it' };
    if (everyMs <= forMs) {
      return { field: 'everyMs', message: `must be more than the ${forMs} ms it lasts; without it, it lasts on` };
    }
    return { startMs, endMs: untilMs, forMs, everyMs };
  }
  if (forMs !== undefined && until !== undefined) {
    return { field: 'forMs', message: 'says when it ends, and so does until; leave one of them out, or add everyMs' };
  }
  return { startMs, endMs: forMs === undefined ? untilMs : startMs + forMs, forMs: Infinity, everyMs: Infinity };
}

/** Whether a fault is in force, and since and until when that is so. */
export interface Phase {
  readonly isInForce: boolean;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export function phaseAt({ startMs, endMs, forMs, everyMs }: Times, atMs: number): Phase {
  if (atMs < startMs) return { isInForce: false, sinceMs: -Infinity, untilMs: startMs };
  if (atMs >= endMs) return { isInForce: false, sinceMs: endMs, untilMs: Infinity };
  if (everyMs === Infinity) return { isInForce: true, sinceMs: startMs, untilMs: endMs };
  const beginMs = startMs + Math.floor((atMs - startMs) / everyMs) * everyMs;
  const restMs = beginMs + forMs;
  if (atMs < restMs) return { isInForce: true, sinceMs: beginMs, untilMs: Math.min(restMs, endMs) };
  return { isInForce: false, sinceMs: restMs, untilMs: beginMs + everyMs < endMs ? beginMs + everyMs : Infinity };
}
