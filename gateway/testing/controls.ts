/** What a test changes about the world of a gateway: faults and policy. */
import type { Ask } from './ask.ts';
import type { CarrierId } from './registry.ts';

/** What a fault concerns; everything when left out. */
export interface FaultScope {
  readonly carrier?: CarrierId;
  readonly account?: string;
  readonly route?: 'a2p' | 'p2p';
}

/** A fault that is set. */
export interface TestFault {
  readonly id: string;
  /** How many messages or requests it has changed. */
  applied(): Promise<number>;
  clear(): Promise<void>;
}

interface FaultAnswer {
  readonly fault: { readonly id: string };
  readonly applied: number;
}

export class TestFaults {
  readonly #ask: Ask;
  #count = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** The carrier takes nothing. */
  outage(scope?: FaultScope): Promise<TestFault> {
    return this.set({ outage: true, ...(scope && { scope }) });
  }

  /** Messages fail with a delivery error, such as carrier_rejected: all, or a share from 0 to 1. */
  errors(code: string, scope?: FaultScope, rate = 1): Promise<TestFault> {
    return this.set({ errors: { code, rate }, ...(scope && { scope }) });
  }

  /** The carrier takes so many messages a second. */
  throttle(messagesPerSecond: number, scope?: FaultScope): Promise<TestFault> {
    return this.set({ throttle: { messagesPerSecond }, ...(scope && { scope }) });
  }

  /** Receipts take so long, always. */
  latency(ms: number, scope?: FaultScope): Promise<TestFault> {
    return this.set({ latency: { medianMs: ms, sigma: 0, capMs: ms }, ...(scope && { scope }) });
  }

  /** Receipts are lost, come twice, or late: shares from 0 to 1, and milliseconds. */
  receipts(
    what: { readonly lossRate?: number; readonly duplicateRate?: number; readonly delayMs?: number },
    scope?: FaultScope,
  ): Promise<TestFault> {
    return this.set({ receipts: what, ...(scope && { scope }) });
  }

  /** Connections that bring messages are cut: half of them before anything is taken, half instead of the answer. */
  disconnect(rate = 1, scope?: Pick<FaultScope, 'account'>): Promise<TestFault> {
    return this.set({ disconnect: { rate }, ...(scope && { scope }) });
  }

  /** Answers to those who send are held back. */
  slow(delayMs: number, scope?: Pick<FaultScope, 'account'>): Promise<TestFault> {
    return this.set({ slow: { delayMs }, ...(scope && { scope }) });
  }

  /** Any fault, as `PUT /v1/faults/:id` takes it. Rejects with TollgateRefused for one that is wrong. */
  async set(fault: object): Promise<TestFault> {
    const id = `test-${(this.#count += 1)}`;
    await this.#ask('PUT', `/v1/faults/${id}`, fault);
    return {
      id,
      applied: async () => (await this.list()).find((one) => one.fault.id === id)?.applied ?? 0,
      clear: async () => {
        await this.#ask('DELETE', `/v1/faults/${id}`);
      },
    };
  }

  /** All that are set, as `GET /v1/faults` tells of them. */
  async list(): Promise<readonly FaultAnswer[]> {
    return (await this.#ask<{ faults: readonly FaultAnswer[] }>('GET', '/v1/faults')).faults;
  }

  async clear(): Promise<void> {
    await this.#ask('DELETE', '/v1/faults');
  }
}

/** What carriers do with unregistered traffic; `dated` is what they did at the tariff date. */
export type Regime = 'charge-more' | 'filter' | 'block' | 'dated';

export class TestPolicy {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Switches the regime of a carrier, or of all, from the next message on. `share` is what `filter` refuses, from 0 to 1. */
  async regime(
    regime: Regime,
    { carrier, share }: { readonly carrier?: CarrierId; readonly share?: number } = {},
  ): Promise<void> {
    const body = { regime, ...(carrier !== undefined && { carrier }), ...(share !== undefined && { share }) };
    await this.#ask('PUT', '/v1/regime', body);
  }

  /** Puts another tariff book in force, such as what-if-flat. Rejects with TollgateRefused for one that is not loaded. */
  async tariffBook(book: string): Promise<void> {
    await this.#ask('PUT', '/v1/tariffs', { book });
  }
}
