/**
 * Keys of idempotency in Redis, for all gateways on it. Each is one string:
 *
 *   tollgate:{delivery}:idem:<digest of account and key>
 *     <token><h><fingerprint>                 held by the gateway with this token; gone after IDEMPOTENCY_HELD_MS
 *     <token><a><fingerprint><status><body>   answered; gone after the window
 *
 * The token is of one claim, so that what a gateway says of a key that it held for too long is not heard once another holds it. The answer
 * to a message that was taken is set with the message itself, and a message whose key is another's by then is not taken.
 *
 * A gateway that dies holds its keys until they are gone by themselves. One that is slow stops deciding long before, and what it decided
 * in time has the rest of the time to be kept.
 */
import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { IDEMPOTENCY_DECIDE_MS, IDEMPOTENCY_HELD_MS } from '../limits.ts';
import {
  type Claim,
  type ClaimOf,
  FINGERPRINT_LENGTH,
  type FirstAnswer,
  type HeldKey,
  type IdempotencyKeys,
  KeysUnavailable,
} from '../messages/index.ts';
import type { Clock } from '../router/index.ts';
import { PREFIX } from './layout.ts';
import { CLAIM_TOKEN_LENGTH, run } from './scripts.ts';

const GATEWAY_LENGTH = 12;
const HELD = 'h';
const ANSWERED = 'a';
const STATUS_LENGTH = 3;
const FINGERPRINT_AT = CLAIM_TOKEN_LENGTH + 1;
const STATUS_AT = FINGERPRINT_AT + FINGERPRINT_LENGTH;
const BODY_AT = STATUS_AT + STATUS_LENGTH;
const NS_PER_MS = 1e6;

/** KEYS keys. ARGV how long they are held in ms, what says so for each. What is there, or nothing where the key was not taken and now is. */
const CLAIM = script(`
local found = {}
for at = 1, #KEYS do
  found[at] = redis.call('GET', KEYS[at])
  if not found[at] then redis.call('SET', KEYS[at], ARGV[at + 1], 'PX', ARGV[1]) end
end
return found`);

/** KEYS keys. ARGV the window in ms; for each key what says that it is held, and what is to be kept in its place: empty lets go of it. */
const SETTLE = script(`
for at = 1, #KEYS do
  if redis.call('GET', KEYS[at]) == ARGV[2 * at] then
    local answered = ARGV[2 * at + 1]
    if answered == '' then redis.call('DEL', KEYS[at]) else redis.call('SET', KEYS[at], answered, 'PX', ARGV[1]) end
  end
end
return 1`);

function script(body: string): { readonly body: string; readonly sha: string } {
  return { body, sha: createHash('sha1').update(body).digest('hex') };
}

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, length);
}

/** Where a key lies; the name tells neither it nor its account. 128 bits. */
function keyName({ account = '', key }: ClaimOf): string {
  // No account holds a space.
  return `${PREFIX}idem:${digest(`${account} ${key}`, 22)}`;
}

/** A string that is to be written together with the messages accepted in this turn. */
export type Attach = (keyName: string, value: string, ttlMs: number) => void;

export interface RedisIdempotencyOptions {
  /** Whose commands fail within a stated time and are not sent twice. The caller keeps and closes it. */
  readonly client: Redis | Cluster;
  readonly clock: Clock;
  /** No other gateway's, nor that of an earlier run. */
  readonly gatewayId: string;
  /** How long an answer is repeated. */
  readonly windowMs: number;
  readonly attach: Attach;
}

export class RedisIdempotencyKeys implements IdempotencyKeys {
  readonly #client: Redis | Cluster;
  readonly #clock: Clock;
  readonly #gateway: string;
  readonly #windowMs: number;
  readonly #attach: Attach;
  #claimCount = 0;
  /** What is to be said in the next script, for one key after the other. */
  #keys: string[] = [];
  #says: string[] = [];

  constructor(options: RedisIdempotencyOptions) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#gateway = digest(options.gatewayId, GATEWAY_LENGTH);
    this.#windowMs = options.windowMs;
    this.#attach = options.attach;
  }

  async claim(claims: readonly ClaimOf[]): Promise<readonly Claim[]> {
    if (claims.length === 0) return [];
    // Counted from before Redis hears of it: what is left of the time is never less than it seems.
    const decideUntilMs = this.#uptimeMs() + IDEMPOTENCY_DECIDE_MS;
    const names = claims.map(keyName);
    const marks = claims.map(({ fingerprint }) => this.#nextToken() + HELD + fingerprint);
    const found = await this.#claimed(names, marks);
    return claims.map(({ fingerprint }, at): Claim => {
      const there = found[at];
      if (there != null) return read(there.toString(), fingerprint);
      return { kind: 'new', held: this.#held(names[at] ?? '', marks[at] ?? '', decideUntilMs) };
    });
  }

  kept(): Promise<void> | undefined {
    if (this.#keys.length === 0) return undefined;
    const [keys, says] = [this.#keys, this.#says];
    [this.#keys, this.#says] = [[], []];
    return this.#settle(keys, says);
  }

  async #settle(keys: readonly string[], says: readonly string[]): Promise<void> {
    try {
      await run(this.#client, SETTLE, keys, [this.#windowMs, ...says]);
    } catch {
      // What could not be written is let go of by time: then the message is decided anew.
    }
  }

  async #claimed(names: readonly string[], marks: readonly string[]): Promise<readonly (Buffer | null)[]> {
    try {
      return (await run(this.#client, CLAIM, names, [IDEMPOTENCY_HELD_MS, ...marks])) as (Buffer | null)[];
    } catch (error) {
      // Without what the client hangs on its errors: the command with its arguments.
      const why = error instanceof Error ? error.message : String(error);
      throw new KeysUnavailable(`Redis does not say which keys were used: ${why}`);
    }
  }

  #held(name: string, mark: string, decideUntilMs: number): HeldKey {
    let isSettled = false;
    const once = (say: () => void): void => {
      if (!isSettled) say();
      isSettled = true;
    };
    const uptimeMs = (): number => this.#uptimeMs();
    return {
      get isCurrent() {
        return uptimeMs() < decideUntilMs;
      },
      taken: (answer) => once(() => this.#attach(name, answered(mark, answer), this.#windowMs)),
      refused: (answer) => once(() => this.#say(name, mark, answered(mark, answer))),
      release: () => once(() => this.#say(name, mark, '')),
    };
  }

  /** Has what is held replaced, or let go of if nothing is to be in its place. */
  #say(name: string, mark: string, inItsPlace: string): void {
    this.#keys.push(name);
    this.#says.push(mark, inItsPlace);
  }

  #nextToken(): string {
    this.#claimCount += 1;
    return this.#gateway + this.#claimCount.toString(36).padStart(CLAIM_TOKEN_LENGTH - GATEWAY_LENGTH, '0');
  }

  #uptimeMs(): number {
    return this.#clock.monotonicNs() / NS_PER_MS;
  }
}

/** What stands in the place of `mark` once the key is answered. */
function answered(mark: string, { status, body }: FirstAnswer): string {
  return mark.slice(0, CLAIM_TOKEN_LENGTH) + ANSWERED + mark.slice(FINGERPRINT_AT) + String(status) + body;
}

function read(value: string, fingerprint: string): Claim {
  if (value.slice(FINGERPRINT_AT, STATUS_AT) !== fingerprint) return { kind: 'other' };
  if (value[CLAIM_TOKEN_LENGTH] === HELD) return { kind: 'pending' };
  return { kind: 'answered', answer: { status: Number(value.slice(STATUS_AT, BODY_AT)), body: value.slice(BODY_AT) } };
}
