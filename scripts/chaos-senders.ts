// Senders in a chaos run: they offer single messages and batches whatever happens, most under a key each, and send those again, under the
// same key, until they are acknowledged. Some send once more after that, and some read back what they sent.
import { setTimeout as sleep } from 'node:timers/promises';
import { namedStream, type Rng } from '../gateway/router/index.ts';
import { ask } from './ask.ts';
import type { MessageFields, Reading, Sent } from './chaos-checks.ts';
import { below } from './chaos-plan.ts';
import { nowMs } from './gateway-fleet.ts';
import { CHAOS_SENDERS, SLOW_ACCOUNT } from './chaos-world.ts';
import { destinations } from './limited-traffic.ts';

export interface SenderSetting {
  readonly seed: number;
  /** Where messages may be sent at the moment. */
  readonly gateways: () => readonly string[];
  readonly callbackUrl: string;
  /** In each round. */
  readonly singles: number;
  readonly batches: number;
  readonly messagesPerBatch: number;
}

/** A message and how it goes over the wire. */
interface Offer {
  readonly sent: Sent;
  readonly body: Readonly<Record<string, unknown>>;
}

const KEYLESS_SHARE = 0.2;
const WEBHOOK_SHARE = 0.4;
const SLOW_SHARE = 0.15;
const AGAIN_SHARE = 0.08;
const LOOK_SHARE = 0.15;
const LOOK_WITHIN_MS = 3_000;
const MOMENT_MS = 30;
const SENDER_TIMEOUT_MS = 3_000;
/** Some wait for no answer as long as the others do, and send again while the first is still under way. */
const HASTY_SHARE = 0.2;
const HASTY_TIMEOUT_MS = 150;
const RETRY_FROM_MS = 40;
const RETRY_TO_MS = 500;

export class ChaosSenders {
  readonly sent: Sent[] = [];
  readonly looks: Reading[] = [];
  /** Requests that came to nothing, however often a message was sent again. */
  failedRequests = 0;
  readonly #setting: SenderSetting;
  readonly #underWay = new Set<Promise<void>>();
  #givesUp = false;

  constructor(setting: SenderSetting) {
    this.#setting = setting;
  }

  /**
   * Offers what one round offers; resolves when it is offered, not when it is answered. Half of it comes within milliseconds of the
   * moments given: what is on its way when something fails is what a failure is about.
   */
  async round(round: number, roundMs: number, momentsMs: readonly number[]): Promise<void> {
    const { singles, batches, messagesPerBatch, seed } = this.#setting;
    const chance = namedStream(seed, `chaos-senders ${round}`);
    const atMs = (): number => {
      const moment = momentsMs[below(momentsMs.length * 2, chance)];
      return moment === undefined ? chance.next() * roundMs : moment + (chance.next() - 0.5) * MOMENT_MS;
    };
    const offers = [
      ...Array.from({ length: singles }, () => 1),
      ...Array.from({ length: batches }, () => messagesPerBatch),
    ].map((count) => ({ count, atMs: atMs() }));
    const startMs = nowMs();
    for (const { count, atMs } of offers.toSorted((a, b) => a.atMs - b.atMs)) {
      const waitMs = startMs + atMs - nowMs();
      if (waitMs > 0) await sleep(waitMs);
      const isKeyed = chance.next() >= KEYLESS_SHARE;
      const messages = Array.from({ length: count }, () => this.#offer(round, isKeyed, chance));
      const sends = isKeyed && chance.next() < AGAIN_SHARE ? 2 : 1;
      const own = namedStream(seed, `chaos-senders ${messages[0]?.sent.key}`);
      this.#start(this.#send(messages, sends, own));
    }
    const waitMs = startMs + roundMs - nowMs();
    if (waitMs > 0) await sleep(waitMs);
  }

  /** Resolves when every message is acknowledged and every look taken, or when it is given up after `timeoutMs`. */
  async answered(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => (this.#givesUp = true), timeoutMs);
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    clearTimeout(timer);
  }

  #start(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #offer(round: number, isKeyed: boolean, chance: Rng): Offer {
    const key = `${this.#setting.seed}-${round}-${this.sent.length}`;
    const asksForWebhook = chance.next() < WEBHOOK_SHARE;
    const sent: Sent = {
      key,
      round,
      isKeyed,
      asksForWebhook,
      sentAtMs: nowMs(),
      ids: [],
      acknowledgedAtMs: undefined,
      lastRefusal: '',
    };
    this.sent.push(sent);
    const to = [...destinations().att, ...destinations().tmobile, ...destinations().verizon];
    const body = {
      from: CHAOS_SENDERS[below(CHAOS_SENDERS.length, chance)],
      to: to[below(to.length, chance)],
      text: TEXTS[below(TEXTS.length, chance)],
      reference: key,
      ...(chance.next() < SLOW_SHARE && { account: SLOW_ACCOUNT }),
      ...(asksForWebhook && { callbackUrl: this.#setting.callbackUrl }),
    };
    return { sent, body };
  }

  /** Sends until all of them are acknowledged, and as often again as asked for. */
  async #send(offers: readonly Offer[], sends: number, chance: Rng): Promise<void> {
    for (let left = sends; left > 0 && !this.#givesUp; left -= 1) {
      let waiting = offers;
      for (
        let waitMs = RETRY_FROM_MS;
        waiting.length > 0 && !this.#givesUp;
        waitMs = Math.min(waitMs * 2, RETRY_TO_MS)
      ) {
        waiting = await this.#attempt(waiting, offers.length > 1, chance);
        // Sent again without a key it would be another message.
        if (!offers[0]!.sent.isKeyed) break;
        if (waiting.length > 0) await sleep(waitMs * (0.5 + chance.next()));
      }
    }
    for (const { sent } of offers) {
      const [id] = sent.ids;
      if (id !== undefined && chance.next() < LOOK_SHARE) this.#start(this.#look(id, chance));
    }
  }

  /** One request; those that it left without an acknowledgement. */
  async #attempt(offers: readonly Offer[], isBatch: boolean, chance: Rng): Promise<readonly Offer[]> {
    const urls = this.#setting.gateways();
    const url = urls[below(urls.length, chance)];
    if (url === undefined) return offers;
    try {
      const timeoutMs = chance.next() < HASTY_SHARE ? HASTY_TIMEOUT_MS : SENDER_TIMEOUT_MS;
      return isBatch ? await sendBatch(url, offers, timeoutMs) : await sendSingle(url, offers[0]!, timeoutMs);
    } catch (error) {
      this.failedRequests += 1;
      for (const { sent } of offers) sent.lastRefusal = String(error);
      return offers;
    }
  }

  async #look(messageId: string, chance: Rng): Promise<void> {
    await sleep(chance.next() * LOOK_WITHIN_MS);
    const urls = this.#setting.gateways();
    const url = urls[below(urls.length, chance)];
    if (url === undefined) return;
    const reading = await readBack(url, messageId).catch(() => undefined);
    if (reading !== undefined) this.looks.push(reading);
  }
}

/** One reading of a message. Rejects if the gateway could not say. */
export async function readBack(url: string, messageId: string): Promise<Reading> {
  const { status, text } = await ask(`${url}/v1/messages/${messageId}`, { timeoutMs: SENDER_TIMEOUT_MS });
  if (status === 404) return { messageId, gateway: url, record: undefined };
  if (status !== 200) throw new Error(`${url} answered ${status}: ${text}`);
  return { messageId, gateway: url, record: JSON.parse(text) as MessageFields };
}

async function sendSingle(url: string, offer: Offer, timeoutMs: number): Promise<readonly Offer[]> {
  const { key, isKeyed } = offer.sent;
  const headers = { 'content-type': 'application/json', ...(isKeyed && { 'idempotency-key': key }) };
  const body = JSON.stringify(offer.body);
  const { status, text } = await ask(`${url}/v1/messages`, {
    method: 'POST',
    headers,
    body,
    timeoutMs,
  });
  if (status === 202) {
    acknowledge(offer.sent, (JSON.parse(text) as { id: string }).id);
    return [];
  }
  offer.sent.lastRefusal = `${status} ${text}`;
  return [offer];
}

interface Line {
  readonly index: number;
  readonly id?: string;
  readonly status: string;
}

const TAKEN: ReadonlySet<string> = new Set(['accepted', 'queued']);

async function sendBatch(url: string, offers: readonly Offer[], timeoutMs: number): Promise<readonly Offer[]> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const body = offers
    .map(({ sent, body: own }) => JSON.stringify({ ...own, ...(sent.isKeyed && { idempotencyKey: sent.key }) }))
    .join('\n');
  const asked = { method: 'POST', headers, body, timeoutMs };
  const { status, text } = await ask(`${url}/v1/messages/batch`, asked);
  if (status !== 200) throw new Error(`${status} ${text}`);
  const taken = new Set<Offer>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const { index, id, status: became } = JSON.parse(line) as Line;
    const offer = offers[index]!;
    if (id !== undefined && TAKEN.has(became)) {
      acknowledge(offer.sent, id);
      taken.add(offer);
    } else {
      offer.sent.lastRefusal = line;
    }
  }
  return offers.filter((offer) => !taken.has(offer));
}

function acknowledge(sent: Sent, id: string): void {
  sent.ids.push(id);
  sent.acknowledgedAtMs ??= nowMs();
}

const TEXTS: readonly string[] = [
  'Your code is 482913.',
  'Your table is ready.',
  'Sale ends tonight: 30 % off everything. Reply STOP to end.',
  'Your table is ready and the kitchen is open until ten. '.repeat(5),
];
