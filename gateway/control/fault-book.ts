/**
 * The faults this process goes by: what they do to a message or a connection at a moment, and how often they did.
 *
 * Asked for every message, and nearly always of the same few cases at nearly the same time. So the answers are kept, one for each
 * carrier, route and account that some fault names, until the first moment at which any fault begins or ends.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import type { CarrierFaults, ErrorShare, FaultEffects, FaultKind } from '../messages/index.ts';
import { CARRIER_LABELS, namedStream, type NamedStream, ROUTES } from '../router/index.ts';
import { ANY, type AnyFaultKind, errorCodeOf, type Fault, FAULT_KINDS, phaseAt } from './fault.ts';

/** What faults do to a request that brings messages. */
export interface ConnectionEffects {
  /** What happens to the connection. */
  readonly cut: 'before' | 'instead' | undefined;
  /** How long the answer is held back. */
  readonly slowMs: number;
}

/** In place of a carrier, where there is none. */
const NO_CARRIER = CARRIERS.length;

const NO_CONNECTION_EFFECTS: ConnectionEffects = { cut: undefined, slowMs: 0 };

/** The answer for one carrier, route and account, and the faults it came from. */
interface Case {
  readonly effects: FaultEffects;
  readonly faults: readonly Fault[];
}

export interface FaultBookState {
  readonly chance: readonly (readonly [key: string, state: readonly number[]])[];
  readonly totals: ReadonlyMap<AnyFaultKind, Float64Array>;
}

/** Of all accounts that no fault names. */
const OTHERS = '';

export class FaultBook implements CarrierFaults {
  readonly #seed: number;
  /** Faults of carriers and of connections. */
  #ofCarriers: readonly Fault[] = [];
  #ofConnections: readonly Fault[] = [];
  #accounts: ReadonlySet<string> = new Set();
  /** By account, and in it by carrier and route. Holds within the moments below. */
  readonly #cases = new Map<string, (Case | undefined)[]>();
  #sinceMs = Infinity;
  #untilMs = -Infinity;
  /** The case asked for last. */
  #latest: Case | undefined;
  /** By key of a fault. */
  readonly #applied = new Map<string, number>();
  /** By key of a fault. */
  readonly #streams = new Map<string, NamedStream>();
  /** By kind, and in it by carrier. */
  readonly #appliedTotals = new Map(FAULT_KINDS.map((kind) => [kind, new Float64Array(CARRIER_LABELS.length)]));

  /** @param seed of chance for faults that bring none of their own */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get isAny(): boolean {
    return this.#ofCarriers.length > 0;
  }

  get isAnyOfConnections(): boolean {
    return this.#ofConnections.length > 0;
  }

  get faults(): readonly Fault[] {
    return [...this.#ofCarriers, ...this.#ofConnections];
  }

  /** Goes by these faults from now on. */
  replace(faults: readonly Fault[]): void {
    const isOfConnections = ({ written }: Fault): boolean =>
      written.disconnect !== undefined || written.slow !== undefined;
    this.#ofCarriers = faults.filter((fault) => !isOfConnections(fault));
    this.#ofConnections = faults.filter(isOfConnections);
    this.#accounts = new Set(this.#ofCarriers.flatMap(({ account }) => account ?? []));
    const keys = new Set(faults.map(({ key }) => key));
    for (const kept of [this.#applied, this.#streams]) {
      for (const key of kept.keys()) if (!keys.has(key)) kept.delete(key);
    }
    this.#forget();
  }

  effects(carrier: number, route: number, account: string | undefined, atMs: number): Readonly<FaultEffects> {
    if (atMs < this.#sinceMs || atMs >= this.#untilMs) this.#turnTo(atMs);
    const name = account !== undefined && this.#accounts.has(account) ? account : OTHERS;
    let cases = this.#cases.get(name);
    if (cases === undefined) this.#cases.set(name, (cases = []));
    const place = carrier * ROUTES.length + route;
    const found = (cases[place] ??= this.#caseOf(carrier, route, name, atMs));
    this.#latest = found;
    return found.effects;
  }

  applied(kind: FaultKind, carrier: number): void {
    this.#count(kind, carrier);
    for (const fault of this.#latest?.faults ?? []) if (fault.kinds.includes(kind)) this.#countOne(fault);
  }

  /** What happens to a request of an account that came at a moment; drawn here, so to be asked once for each. */
  connectionEffects(account: string | undefined, atMs: number): ConnectionEffects {
    let { cut, slowMs } = NO_CONNECTION_EFFECTS;
    for (const fault of this.#ofConnections) {
      if (fault.account !== undefined && fault.account !== account) continue;
      if (!phaseAt(fault, atMs).isInForce) continue;
      const { disconnect, slow } = fault.written;
      if (disconnect !== undefined && cut === undefined) {
        const draw = this.#streamOf(fault).next();
        if (draw >= disconnect.rate) continue;
        cut = draw < disconnect.rate / 2 ? 'before' : 'instead';
        this.#countConnection('disconnect', fault);
      } else if (slow !== undefined) {
        slowMs += slow.delayMs;
        this.#countConnection('slow', fault);
      }
    }
    return { cut, slowMs };
  }

  /** How often each fault was applied here, by key; those that were not are left out. */
  get appliedByKey(): ReadonlyMap<string, number> {
    return this.#applied;
  }

  /** How many faults of each kind are in force. */
  inForce(atMs: number): { kind: AnyFaultKind; count: number }[] {
    const kinds = this.faults.flatMap((fault) => (phaseAt(fault, atMs).isInForce ? fault.kinds : []));
    return FAULT_KINDS.map((kind) => ({ kind, count: kinds.filter((one) => one === kind).length }));
  }

  /** How often faults were applied here since the start, by kind and carrier. */
  appliedTotals(): { kind: AnyFaultKind; carrier: string; count: number }[] {
    return [...this.#appliedTotals].flatMap(([kind, counts]) => {
      const isOfConnections = kind === 'disconnect' || kind === 'slow';
      const carriers = isOfConnections ? [NO_CARRIER] : CARRIERS.map((_, carrier) => carrier);
      return carriers.map((carrier) => ({ kind, carrier: CARRIER_LABELS[carrier] ?? '', count: counts[carrier] ?? 0 }));
    });
  }

  /** Where the chance of each fault stands, by key, and what was applied since the start. The faults themselves are the store's. */
  capture(): FaultBookState {
    const chance = Array.from(this.#streams, ([key, stream]) => [key, stream.capture()] as const);
    return { chance, totals: this.#appliedTotals };
  }

  /** To be called when it goes by the faults of that time. */
  restore({ chance, totals }: FaultBookState): void {
    this.#streams.clear();
    for (const [key, state] of chance) {
      const fault = this.#ofConnections.find((one) => one.key === key);
      if (fault !== undefined) this.#streamOf(fault).restore(state);
    }
    for (const [kind, counts] of totals) this.#appliedTotals.get(kind)?.set(counts);
  }

  /** Finds the time around `atMs` in which no fault begins or ends. */
  #turnTo(atMs: number): void {
    this.#forget();
    const phases = this.#ofCarriers.map((fault) => phaseAt(fault, atMs));
    this.#sinceMs = Math.max(-Infinity, ...phases.map(({ sinceMs }) => sinceMs));
    this.#untilMs = Math.min(Infinity, ...phases.map(({ untilMs }) => untilMs));
  }

  #forget(): void {
    this.#cases.clear();
    this.#latest = undefined;
    this.#sinceMs = Infinity;
    this.#untilMs = -Infinity;
  }

  #caseOf(carrier: number, route: number, account: string, atMs: number): Case {
    const faults = this.#ofCarriers.filter(
      (fault) =>
        (fault.carrier === ANY || fault.carrier === carrier) &&
        (fault.route === ANY || fault.route === route) &&
        (fault.account === undefined || fault.account === account) &&
        phaseAt(fault, atMs).isInForce,
    );
    return { effects: addedUp(faults, atMs), faults };
  }

  #streamOf({ key, written }: Fault): NamedStream {
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = namedStream(written.seed ?? this.#seed, `fault/${written.id}`);
      this.#streams.set(key, stream);
    }
    return stream;
  }

  #count(kind: AnyFaultKind, carrier: number): void {
    const counts = this.#appliedTotals.get(kind);
    if (counts !== undefined) counts[carrier] = (counts[carrier] ?? 0) + 1;
  }

  #countOne({ key }: Fault): void {
    this.#applied.set(key, (this.#applied.get(key) ?? 0) + 1);
  }

  #countConnection(kind: AnyFaultKind, fault: Fault): void {
    this.#count(kind, NO_CARRIER);
    this.#countOne(fault);
  }
}

/**
 * What several faults do together: the longest outage, the strictest throttle, errors one after the other as far as there are messages
 * left, the latency of the last one written, losses and doublings independent of one another, delays one behind the other.
 */
function addedUp(faults: readonly Fault[], atMs: number): FaultEffects {
  const errors: ErrorShare[] = [];
  let left = 1;
  let outageUntilMs = 0;
  let messagesPerSecond = Infinity;
  let latency = { medianMs: Number.NaN, sigma: Number.NaN, capMs: Number.NaN };
  let kept = 1;
  let single = 1;
  let receiptDelayMs = 0;
  for (const fault of faults) {
    const { written } = fault;
    if (written.outage !== undefined) outageUntilMs = Math.max(outageUntilMs, phaseAt(fault, atMs).untilMs);
    if (written.errors !== undefined) {
      const share = Math.min(written.errors.rate, left);
      left -= share;
      if (share > 0) errors.push({ code: errorCodeOf(written.errors.code), share });
    }
    messagesPerSecond = Math.min(messagesPerSecond, written.throttle?.messagesPerSecond ?? Infinity);
    latency = written.latency ?? latency;
    kept *= 1 - (written.receipts?.lossRate ?? 0);
    single *= 1 - (written.receipts?.duplicateRate ?? 0);
    receiptDelayMs += written.receipts?.delayMs ?? 0;
  }
  return {
    outageUntilMs,
    errors,
    messagesPerSecond,
    latencyMedianMs: latency.medianMs,
    latencySigma: latency.sigma,
    latencyCapMs: latency.capMs,
    receiptLossRate: 1 - kept,
    receiptDuplicateRate: 1 - single,
    receiptDelayMs,
  };
}
