// A chaos run: gateways and workers under load while everything that can fail does, round after round, all from one seed; then
// everything heals, comes to rest, and each message is accounted for. The same seed gives the same messages and the same faults;
// what meets what is up to the machine.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isAtItsEnd,
  type MessageFields,
  owesWebhook,
  type Reading,
  type Sent,
  type Violation,
  violationsOf,
} from './chaos-checks.ts';
import { type Befallen, ChaosFleet } from './chaos-fleet.ts';
import { type Fault, planOf } from './chaos-plan.ts';
import { type ChaosReceiver, type Post, startChaosReceiver } from './chaos-receiver.ts';
import { putOnCampaigns } from './chaos-world.ts';
import { ChaosSenders, readBack } from './chaos-senders.ts';
import { nowMs } from './gateway-fleet.ts';
import { tell } from './redis-server.ts';

export interface ChaosSetting {
  readonly seed: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly gateways: number;
  /** Processes that deliver. Without any the gateways have no Redis either and keep nothing, and these checks must think badly of them. */
  readonly workers: number;
  /** Of each round. */
  readonly singles: number;
  readonly batches: number;
  readonly messagesPerBatch: number;
  /** How long senders, deliveries and webhooks each get once nothing is wrong any more. */
  readonly restMs: number;
  /** Path of the compiled command, for processes that start sooner. */
  readonly program?: string | undefined;
  /** In place of those drawn from the seed. */
  readonly faults?: readonly Fault[];
}

export interface ChaosReport {
  readonly violations: readonly Violation[];
  readonly sent: readonly Sent[];
  /** By message id, those at their end. */
  readonly records: ReadonlyMap<string, MessageFields>;
  readonly posts: readonly Post[];
  readonly befallen: readonly Befallen[];
  readonly failedRequests: number;
  /** From the end of the last fault until all messages were at their end and all webhooks taken. */
  readonly drainMs: number;
}

const REST_LOOK_MS = 100;
/** In which a webhook that comes twice would come again. */
const LATE_MS = 500;
const READERS = 16;
/** How often a gateway is asked that cannot say. */
const READ_TRIES = 20;

export async function runChaos(setting: ChaosSetting): Promise<ChaosReport> {
  const receiver = await startChaosReceiver();
  try {
    const fleet = await ChaosFleet.start(setting);
    try {
      return await accountFor(setting, fleet, receiver);
    } finally {
      await fleet.close();
    }
  } finally {
    await receiver.close();
  }
}

async function accountFor(setting: ChaosSetting, fleet: ChaosFleet, receiver: ChaosReceiver): Promise<ChaosReport> {
  const senders = new ChaosSenders({ ...setting, gateways: () => fleet.gatewayUrls(), callbackUrl: receiver.url });
  await putOnCampaigns(fleet.gatewayUrls(), fleet.redis !== undefined);
  const faults = setting.faults ?? planOf(setting);
  const underWay: Promise<void>[] = [];
  for (let round = 0; round < setting.rounds; round += 1) {
    const own = faults.filter((fault) => fault.round === round);
    underWay.push(...own.map((fault) => sleep(fault.atMs).then(() => befall(fleet, receiver, fault))));
    await senders.round(
      round,
      setting.roundMs,
      own.map(({ atMs }) => atMs),
    );
  }
  await Promise.all(underWay);
  await fleet.heal();
  const healedMs = nowMs();
  await senders.answered(setting.restMs);
  const records = await rest(fleet, senders.sent, receiver, setting.restMs);
  const drainMs = nowMs() - healedMs;
  await sleep(LATE_MS);
  const readings = await readAll(fleet, senders.sent);
  const evidence = {
    sent: senders.sent,
    posts: receiver.posts,
    malformed: receiver.malformed,
    looks: senders.looks,
    readings,
    recordCount: await recordCount(fleet),
  };
  const { befallen } = fleet;
  const { failedRequests, sent } = senders;
  return {
    violations: violationsOf(evidence),
    sent,
    records,
    posts: receiver.posts,
    befallen,
    failedRequests,
    drainMs,
  };
}

async function befall(fleet: ChaosFleet, receiver: ChaosReceiver, fault: Fault): Promise<void> {
  receiver.befall(fault.what, fault.forMs);
  await fleet.befall(fault);
}

/** Waits until all acknowledged messages are at their end and all webhooks that are owed were taken; the records of those that are. */
async function rest(
  fleet: ChaosFleet,
  sent: readonly Sent[],
  receiver: ChaosReceiver,
  restMs: number,
): Promise<Map<string, MessageFields>> {
  const records = new Map<string, MessageFields>();
  const untilMs = nowMs() + restMs;
  let open = sent.filter(({ ids }) => ids.length > 0);
  while (nowMs() < untilMs) {
    const [url] = fleet.gatewayUrls();
    if (url !== undefined) {
      await inParallel(open, async ({ ids }) => {
        const reading = await readBack(url, ids[0]!).catch(() => undefined);
        if (reading?.record !== undefined && isAtItsEnd(reading.record)) records.set(ids[0]!, reading.record);
      });
    }
    const taken = new Set(receiver.posts.flatMap(({ messageId, isTaken }) => (isTaken ? [messageId] : [])));
    open = open.filter(({ ids }) => !records.has(ids[0]!));
    const isOwed = (one: Sent): boolean => {
      const record = records.get(one.ids[0] ?? '');
      return record !== undefined && owesWebhook(one, record) && !taken.has(record.id);
    };
    if (open.length === 0 && !sent.some(isOwed)) break;
    await sleep(REST_LOOK_MS);
  }
  return records;
}

/** Every acknowledged message, as each gateway tells it, and the first of them twice. */
async function readAll(fleet: ChaosFleet, sent: readonly Sent[]): Promise<Reading[]> {
  const urls = fleet.gatewayUrls();
  const readings: Reading[] = [];
  await inParallel(
    sent.filter(({ ids }) => ids.length > 0),
    async ({ ids }) => {
      for (const url of [...urls, urls[0]!]) readings.push(await readSurely(url, ids[0]!));
    },
  );
  return readings;
}

async function readSurely(url: string, messageId: string): Promise<Reading> {
  for (let left = READ_TRIES; ; left -= 1) {
    try {
      return await readBack(url, messageId);
    } catch (error) {
      if (left === 0) throw error;
      await sleep(REST_LOOK_MS);
    }
  }
}

async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const reader = async (): Promise<void> => {
    while (next < all.length) {
      next += 1;
      await work(all[next - 1]!);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
}

/** What Redis counts of messages, at their end or not. */
async function recordCount({ redis }: ChaosFleet): Promise<number | undefined> {
  if (redis === undefined) return undefined;
  const counts = await Promise.all(
    ['openMessages', 'doneMessages'].map((name) => tell(redis, `GET tollgate:{delivery}:${name}`)),
  );
  return counts.reduce((sum, count) => sum + (Number(count) || 0), 0);
}

const SHOWN = 10;

/** What was broken and how to see it again; empty if nothing was. */
export function describeViolations({ violations }: ChaosReport, again: string): string {
  if (violations.length === 0) return '';
  const lines = violations
    .slice(0, SHOWN)
    .map(
      ({ what, round, messageId, key, detail }) =>
        `round ${round}, message ${messageId || '?'} (${key}): ${what}: ${detail}`,
    );
  const more = violations.length > SHOWN ? [`and ${violations.length - SHOWN} more`] : [];
  return [`${violations.length} promises broken; again by ${again}`, ...lines, ...more].join('\n');
}
