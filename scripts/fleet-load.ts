// Clients of a fleet of gateways: each sender offers its messages to all of them at once, most of them to one, and which one
// that is moves. Open loop, so that a gateway that stands still is not spared. What was accepted is kept by sender, and how it
// stands to what the sender is allowed is worked out from that.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { namedStream, type Rng } from '../gateway/router/index.ts';
import { type GatewayFleet, nowMs } from './gateway-fleet.ts';
import { type Accepted, allowedInDays, mostAtOnce, type Window, worstWindow } from './limit-checks.ts';
import type { Traffic } from './limited-traffic.ts';

/** What came of one sender's messages. */
export interface Ledger {
  readonly traffic: Traffic;
  /** One for each answer that accepted something. */
  readonly accepted: Accepted[];
  /** Messages by decision. */
  readonly decisions: Record<string, number>;
  readonly answerMs: number[];
  paidMicros: number;
  /** What all that was answered cost. */
  chargedMicros: number;
  /** Messages in requests that got no answer: they may have been accepted all the same. */
  unansweredCount: number;
  /** How long it has been offering messages. */
  offeredMs: number;
}

/** What one sender used of its limit. */
export interface Use {
  readonly name: string;
  readonly units: number;
  /** What it might have used in the same time. */
  readonly allowed: number;
  /** Units beyond what is allowed; 0 is what every limit is for. */
  readonly excess: number;
  /** Where a rate went furthest, or came nearest. */
  readonly window?: Window;
}

export interface Press {
  readonly seconds: number;
  readonly seed: number;
  /** How often another gateway becomes the one that gets most: the next in order. */
  readonly moves: number;
  /** The one that gets most at first. */
  readonly first: number;
}

/** Share of the messages that the favoured gateway gets. */
const FAVOURED_SHARE = 0.7;
const STEP_MS = 10;
/** Steps from one batch of a sender for a gateway to the next. */
const STEPS_PER_BATCH = 10;
const BATCHES_PER_SECOND = 1_000 / (STEP_MS * STEPS_PER_BATCH);
/** Batches of a sender that one gateway may owe an answer to; more are not sent. */
const UNANSWERED_MAX = 4;
const ANSWER_TIMEOUT_MS = 15_000;
const KNOWN_TIMEOUT_MS = 10_000;
/** Messages on a page of an inbox. */
const PAGE = 1_000;

const LONG_SHARE = 0.2;
const SHORT = 'Your table is ready.';
/** Three segments. */
const LONG = 'Your table is ready and the kitchen is open until ten. '.repeat(7);

const agent = new Agent({ keepAlive: true });

export function openLedger(traffic: Traffic): Ledger {
  const { bound } = traffic;
  return {
    traffic,
    accepted: [],
    decisions: {},
    answerMs: [],
    paidMicros: bound.kind === 'money' ? bound.cap : 0,
    chargedMicros: 0,
    unansweredCount: 0,
    offeredMs: 0,
  };
}

/** Has every sender offer its messages for some seconds, and waits for the answers. */
export async function press(fleet: GatewayFleet, ledgers: readonly Ledger[], options: Press): Promise<void> {
  const chance = namedStream(options.seed, 'fleet-load');
  const lines = ledgers.flatMap((ledger) =>
    Array.from({ length: fleet.size }, (_, place) => {
      return { ledger, place, phase: Math.floor(chance.next() * STEPS_PER_BATCH), owed: 0, unanswered: 0 };
    }),
  );
  const stepCount = (options.seconds * 1_000) / STEP_MS;
  const startMs = nowMs();
  const sent: Promise<void>[] = [];
  for (let step = 0; step < stepCount; step += 1) {
    const favoured = (options.first + Math.floor((step / stepCount) * (options.moves + 1))) % fleet.size;
    for (const line of lines) {
      if (step % STEPS_PER_BATCH !== line.phase) continue;
      line.owed += (line.ledger.traffic.perSecond * shareOf(fleet, line.place, favoured)) / BATCHES_PER_SECOND;
      const count = Math.floor(line.owed);
      line.owed -= count;
      if (count === 0 || line.unanswered >= UNANSWERED_MAX) continue;
      line.unanswered += 1;
      sent.push(offer(fleet, line.place, line.ledger, count, chance).finally(() => (line.unanswered -= 1)));
    }
    const waitMs = startMs + (step + 1) * STEP_MS - nowMs();
    if (waitMs > 0) await sleep(waitMs);
  }
  for (const ledger of ledgers) ledger.offeredMs += nowMs() - startMs;
  await Promise.all(sent);
}

/** The share that a gateway gets: clients leave one that is gone to the others. */
function shareOf(fleet: GatewayFleet, place: number, favoured: number): number {
  const weight = (at: number): number => {
    if (fleet.urlAt(at) === undefined) return 0;
    return at === favoured ? FAVOURED_SHARE : (1 - FAVOURED_SHARE) / (fleet.size - 1);
  };
  let all = 0;
  for (let at = 0; at < fleet.size; at += 1) all += weight(at);
  return all === 0 ? 0 : weight(place) / all;
}

interface Result {
  readonly decision?: string;
  readonly status: string;
  readonly segments?: number;
  readonly totalMicros?: number;
}

/** Offers some messages to one gateway in a batch, and enters what it answers. */
export async function offer(
  fleet: GatewayFleet,
  place: number,
  ledger: Ledger,
  count: number,
  chance: Rng,
): Promise<void> {
  const url = fleet.urlAt(place);
  if (url === undefined) return;
  const { from, to, account } = ledger.traffic;
  const messages = Array.from({ length: count }, () => {
    const text = chance.next() < LONG_SHARE ? LONG : SHORT;
    return JSON.stringify({ from, to: to[Math.floor(chance.next() * to.length)], text, account });
  });
  const sentMs = nowMs();
  let answer: string;
  try {
    answer = await post(`${url}/v1/messages/batch`, messages.join('\n'));
  } catch {
    ledger.unansweredCount += count;
    return;
  }
  const untilMs = nowMs();
  ledger.answerMs.push(untilMs - sentMs);
  let units = 0;
  for (const line of answer.split('\n')) {
    if (line === '') continue;
    const { decision, status, segments = 0, totalMicros = 0 } = JSON.parse(line) as Result;
    const name = decision ?? status;
    ledger.decisions[name] = (ledger.decisions[name] ?? 0) + 1;
    ledger.chargedMicros += totalMicros;
    if (decision === 'accepted') units += segments;
  }
  if (units > 0) ledger.accepted.push({ fromMs: fleet.earliestMs(place, sentMs), untilMs, units });
}

/** The body of the answer. Rejects when there is none, or one that says that the batch was not taken. */
function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': Buffer.byteLength(body) };
    const asked = request(url, { method: 'POST', agent, headers, timeout: ANSWER_TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${url} answered ${answer.statusCode}: ${text}`));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`${url} did not answer`)));
    asked.on('error', reject);
    asked.end(body);
  });
}

/** How a sender stands to what it is allowed. Asks the gateways for what no answer told. */
export async function useOf(fleet: GatewayFleet, ledger: Ledger): Promise<Use> {
  const { accepted, traffic, offeredMs } = ledger;
  const { name, bound } = traffic;
  const units = accepted.reduce((sum, one) => sum + one.units, 0);
  switch (bound.kind) {
    case 'rate': {
      const window = worstWindow(accepted, bound);
      const allowed = bound.cap + (bound.cap / bound.windowMs) * offeredMs;
      return { name, units, allowed, excess: beyond(window.units, window.allowed), window };
    }
    case 'day': {
      const allowed = allowedInDays(accepted, bound.cap);
      return { name, units, allowed, excess: beyond(units, allowed) };
    }
    case 'money': {
      const { chargedMicros, paidMicros } = ledger;
      return { name, units: chargedMicros, allowed: paidMicros, excess: beyond(chargedMicros, paidMicros) };
    }
    case 'in-flight': {
      const most = mostAtOnce(await stays(fleet, traffic));
      return { name, units: most, allowed: bound.cap, excess: beyond(most, bound.cap) };
    }
  }
}

/** Whole units: any part of one counts. */
function beyond(units: number, allowed: number): number {
  return Math.max(0, Math.ceil(units - allowed));
}

interface Inbox {
  readonly messages: readonly { readonly acceptedAt: string; readonly handset: { readonly at: string } | null }[];
  readonly next: string;
}

/** When messages of a sender were in flight, by the gateways that are there to tell. */
async function stays(fleet: GatewayFleet, { from }: Traffic): Promise<{ fromMs: number; untilMs: number }[]> {
  const found: { fromMs: number; untilMs: number }[] = [];
  for (const [place, url] of fleet.urls()) {
    const timeOf = (iso: string, aheadMs: number): number => new Date(iso).getTime() - aheadMs;
    for (let since = ''; ;) {
      const query = `from=${encodeURIComponent(from)}&decision=accepted&limit=${PAGE}${since}`;
      const { messages, next } = (await (await fetch(`${url}/v1/messages?${query}`)).json()) as Inbox;
      for (const { acceptedAt, handset } of messages) {
        const fromMs = timeOf(acceptedAt, fleet.clockAheadMsAt(place));
        const untilMs = handset === null ? Infinity : timeOf(handset.at, fleet.clockAheadMsOfDelivery(place));
        found.push({ fromMs, untilMs });
      }
      if (messages.length < PAGE) break;
      since = `&since=${next}`;
    }
  }
  return found;
}

export interface Money {
  readonly balanceMicros: number;
  readonly heldMicros: number;
  readonly unaccountedMicros: number;
}

/** What the store of a sender's money says, asked of any gateway. */
export async function moneyOf(fleet: GatewayFleet, { traffic }: Ledger): Promise<Money> {
  const [[, url]] = fleet.urls() as [[number, string]];
  const answer = await fetch(`${url}/v1/accounts/${traffic.account}`);
  return ((await answer.json()) as { readonly money: Money }).money;
}

/** Pays into a sender's account at the gateway of one place. */
export async function payIn(fleet: GatewayFleet, place: number, ledger: Ledger, micros: number): Promise<void> {
  const path = `/v1/accounts/${ledger.traffic.account}/top-ups`;
  // Counted before it can be spent.
  ledger.paidMicros += micros;
  await ask(`${fleet.urlAt(place)}${path}`, 'POST', { amountMicros: micros, reference: `at ${ledger.paidMicros}` });
}

/** Puts every sender on its campaign, and waits until all gateways know. */
export async function register(fleet: GatewayFleet, traffic: readonly Traffic[]): Promise<void> {
  const urls = fleet.urls().map(([, url]) => url);
  for (const { from, campaign } of traffic) {
    for (const url of fleet.isShared ? urls.slice(0, 1) : urls) {
      await ask(`${url}/v1/numbers/${from}`, 'PUT', { campaign });
    }
  }
  for (const url of urls) {
    for (const { from } of traffic) await untilKnown(`${url}/v1/lookup/${from}`);
  }
}

async function untilKnown(url: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < KNOWN_TIMEOUT_MS; waitedMs += STEP_MS) {
    const { registration } = (await (await fetch(url)).json()) as { registration: { state: string } };
    if (registration.state === 'registered') return;
    await sleep(STEP_MS);
  }
  throw new Error(`${url} does not know the number`);
}

async function ask(url: string, method: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}
