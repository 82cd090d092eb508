/**
 * Matchers for `expect.extend`, in the form that Vitest and Jest share. Those of a world wait, so they are to be awaited; with `.not` they
 * look at once, after anything that is under way has happened.
 */
import { type MessageMatch, WrongMessages } from './messages.ts';
import { shown } from './match.ts';
import type { World } from './tollgate.ts';
import type { WaitOptions } from './wait.ts';
import { type WebhookMatch, WrongWebhooks } from './webhooks.ts';

/** An amount: dollars, or exactly so many micro-dollars. */
export type Money = number | { readonly micros: number };

/** The part of a message, as answered or read back, that matchers go by. */
interface Priced {
  readonly decision?: unknown;
  readonly reason?: unknown;
  readonly limit?: { readonly name?: unknown };
  readonly status?: unknown;
  readonly price?: { readonly totalMicros?: unknown };
  readonly handset?: { readonly outcome?: unknown } | null;
}

/** What `expect(...)` gets. `R` is what matchers give back, `void` as a rule. */
export interface TollgateMatchers<R = void> {
  /** Of a world: a message that matches reaches its phone, within ten seconds if not said otherwise. */
  toHaveDelivered(match?: MessageMatch, options?: WaitOptions): Promise<R>;
  /** Of a world: a message that matches was sent, whatever was decided about it. */
  toHaveSent(match?: MessageMatch, options?: WaitOptions): Promise<R>;
  /** Of a world: a webhook that matches comes. */
  toHaveReceivedWebhook(match?: WebhookMatch, options?: WaitOptions): Promise<R>;
  /** Of a message: it was taken, or waits to be. */
  toHaveBeenAccepted(): R;
  /** Of a message: it was refused, by this decision (`unregistered_blocked`), limit (`att_campaign_tpm`) or registration (`not_in_registry`). */
  toHaveBeenRefusedFor(reason: string): R;
  /** Of a message: what its sender pays, carrier's fees and all. */
  toHaveBeenCharged(amount: Money): R;
  /** Of a message that was read back: the phone got it. */
  toHaveReachedHandset(): R;
}

interface Result {
  readonly pass: boolean;
  readonly message: () => string;
}

/** What a test framework gives its matchers. */
interface MatcherThis {
  readonly isNot?: boolean;
}

const MICROS_PER_DOLLAR = 1_000_000;
const ACCEPTED = ['accepted', 'queued'];

/** To be handed to `expect.extend`. */
export const tollgateMatchers = {
  async toHaveDelivered(
    this: MatcherThis,
    world: unknown,
    match: MessageMatch = {},
    options?: WaitOptions,
  ): Promise<Result> {
    return messageIn(this, asWorld(world), { ...match, handset: 'delivered' }, options);
  },

  async toHaveSent(
    this: MatcherThis,
    world: unknown,
    match: MessageMatch = {},
    options?: WaitOptions,
  ): Promise<Result> {
    return messageIn(this, asWorld(world), match, options);
  },

  async toHaveReceivedWebhook(
    this: MatcherThis,
    world: unknown,
    match: WebhookMatch = {},
    options?: WaitOptions,
  ): Promise<Result> {
    const { webhooks } = asWorld(world);
    const wait = this.isNot === true ? { timeoutMs: 0, ...options } : options;
    const found = await webhooks.waitFor(match, wait).catch(nothingFound);
    return {
      pass: found !== undefined,
      message: () =>
        found === undefined ? webhooks.explain(match) : `a webhook came that should not: ${shown(found.body)}`,
    };
  },

  toHaveBeenAccepted(this: MatcherThis, message: unknown): Result {
    const { decision } = asMessage(message);
    return {
      pass: ACCEPTED.includes(String(decision)),
      message: () => `the message was decided as ${shown(decision)}: ${shown(message)}`,
    };
  },

  toHaveBeenRefusedFor(this: MatcherThis, message: unknown, reason: string): Result {
    const { decision, reason: registration, limit } = asMessage(message);
    const isRefused = !ACCEPTED.includes(String(decision));
    const reasons = [decision, limit?.name, registration].filter((one) => one !== undefined);
    return {
      pass: isRefused && reasons.includes(reason),
      message: () =>
        isRefused
          ? `the message was refused for ${reasons.map(String).join(', ')}; wanted ${reason}`
          : `the message was not refused but ${String(decision)}; wanted it refused for ${reason}`,
    };
  },

  toHaveBeenCharged(this: MatcherThis, message: unknown, amount: Money): Result {
    const wanted = typeof amount === 'number' ? Math.round(amount * MICROS_PER_DOLLAR) : amount.micros;
    const { price } = asMessage(message);
    const found = price?.totalMicros;
    return {
      pass: found === wanted,
      message: () => `the message cost ${dollars(found)}, wanted ${dollars(wanted)}: ${shown(price)}`,
    };
  },

  toHaveReachedHandset(this: MatcherThis, message: unknown): Result {
    const { handset, status } = asMessage(message);
    return {
      pass: handset?.outcome === 'delivered',
      message: () =>
        handset === null || handset === undefined
          ? `nothing is known of the phone yet, the message is ${shown(status)}; wait with messages.waitFor({ handset: 'delivered' })`
          : `the phone got it: ${shown(handset.outcome)}`,
    };
  },
};

async function messageIn(
  { isNot }: MatcherThis,
  { messages }: World,
  match: MessageMatch,
  options: WaitOptions | undefined,
): Promise<Result> {
  const wait = isNot === true ? { timeoutMs: 0, ...options } : options;
  const found = await messages.waitFor(match, wait).catch(nothingFound);
  return {
    pass: found !== undefined,
    message: () =>
      found === undefined ? messages.explain(match) : `there is such a message, and should not be: ${shown(found)}`,
  };
}

/** Anything else that went wrong is a mistake in the test. */
function nothingFound(error: unknown): undefined {
  if (!(error instanceof WrongMessages || error instanceof WrongWebhooks)) throw error;
}

function asWorld(value: unknown): World {
  if (typeof value === 'object' && value !== null && 'messages' in value && 'webhooks' in value) return value as World;
  throw new TypeError(`expected what startTollgate or sandbox() resolves with, got ${shown(value)}`);
}

function asMessage(value: unknown): Priced {
  if (typeof value === 'object' && value !== null && 'decision' in value) return value;
  throw new TypeError(
    `expected a message as POST /v1/messages answers it or messages.find() gives it, got ${shown(value)}`,
  );
}

function dollars(micros: unknown): string {
  return typeof micros === 'number' ? `$${(micros / MICROS_PER_DOLLAR).toFixed(6)}` : 'nothing';
}
