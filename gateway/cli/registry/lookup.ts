/** `tollgate registry lookup`: what Redis, a snapshot or a running gateway says of some numbers. */
import { Command } from 'commander';
import {
  type CampaignEntry,
  type CarrierMap,
  carrierOf,
  CARRIERS,
  formatNumber,
  isAssigned,
  LINE_TYPES,
  lineTypeOf,
  loadCarrierMap,
  numberRefusal,
  parseNumberKey,
} from '../../../registry-cache/index.ts';
import { systemClock } from '../../control/index.ts';
import { nameAt } from '../../router/index.ts';
import { addressBelow, wrongAddress } from '../ask-gateway.ts';
import { carryOut, failed, usage } from '../carry-out.ts';
import { onePlace, redisOption } from './options.ts';
import { openSnapshot, withStore } from './places.ts';

/** How long a gateway may take to answer. */
const ANSWER_TIMEOUT_MS = 10_000;

interface LookupOptions {
  readonly redis?: string;
  readonly snapshot?: string;
  readonly url?: string;
  readonly json: boolean;
}

/** As `GET /v1/lookup` of the gateway answers, with the NNID where it is known. */
interface Answer {
  readonly number: string;
  readonly assigned: boolean;
  readonly carrier: string | null;
  readonly lineType: string;
  readonly registration: Registration;
}

interface Registration {
  /** `registered`, `pending` or `not_in_registry`. */
  readonly state: string;
  readonly campaign: string | null;
  readonly activeAt: string | null;
  readonly nnid?: string;
  /** Where the campaign is active now. A snapshot does not know. */
  readonly carriers?: readonly { readonly carrier: string; readonly active: boolean }[];
}

const NOT_REGISTERED: Registration = { state: 'not_in_registry', campaign: null, activeAt: null };

const EXAMPLES = `
Examples:
  tollgate registry lookup +12125550123 --snapshot today.snapshot
  tollgate registry lookup +12125550123 +12125550124 --url http://127.0.0.1:8080 --json`;

export function lookupCommand(): Command {
  return new Command('lookup')
    .description('say what numbers are registered to')
    .argument('<numbers...>', 'each in E.164 form, such as +12125550123')
    .addOption(redisOption('ask Redis'))
    .option('--snapshot <file>', 'ask a .snapshot file')
    .option('--url <address>', 'ask a running gateway, such as http://127.0.0.1:8080')
    .option('--json', 'answer with one JSON object per line', false)
    .addHelpText('after', EXAMPLES)
    .action((numbers: readonly string[], options: LookupOptions) => carryOut((stop) => lookup(numbers, options, stop)));
}

async function lookup(numbers: readonly string[], options: LookupOptions, stop: AbortSignal): Promise<void> {
  const place = onePlace(options, ['redis', 'snapshot', 'url']);
  const keys = readKeys(numbers);
  const answers = await askPlace(place, keys, stop);
  for (const answer of answers) process.stdout.write(`${options.json ? JSON.stringify(answer) : describe(answer)}\n`);
}

function readKeys(numbers: readonly string[]): number[] {
  const keys = numbers.map((number) => parseNumberKey(number));
  const wrong = numbers.flatMap((number, at) => {
    const key = keys[at] ?? 0;
    return key < 0 ? [`${number} ${numberRefusal(key).message}`] : [];
  });
  if (wrong.length > 0) throw usage(...wrong);
  return keys;
}

function askPlace(
  place: { readonly name: 'redis' | 'snapshot' | 'url'; readonly value: string },
  keys: readonly number[],
  stop: AbortSignal,
): Promise<Answer[]> {
  switch (place.name) {
    case 'redis':
      return askRedis(place.value, keys);
    case 'snapshot':
      return askSnapshot(place.value, keys);
    case 'url':
      return Promise.all(keys.map((key) => askGateway(place.value, key, stop)));
  }
}

async function askRedis(url: string, keys: readonly number[]): Promise<Answer[]> {
  const map = loadCarrierMap();
  const nowMs = systemClock.nowMs();
  return withStore(url, async (store) => {
    const records = await store.read(keys);
    const nnids = await store.nnids();
    const entries = new Map<number, CampaignEntry>();
    for (const entry of await store.campaigns()) entries.set(entry.handle, entry);
    return keys.map((key, at) => {
      const record = records[at];
      if (record === undefined) return answerOf(map, key, NOT_REGISTERED);
      const campaign = entries.get(record.campaign)?.record;
      const status = campaign === undefined || campaign.expiresAtMs <= nowMs ? 0 : campaign.status;
      return answerOf(map, key, {
        ...registrationOf(campaign?.id, record.activeAtMs, nowMs),
        ...(nnids[record.nnid] !== undefined && { nnid: nnids[record.nnid] }),
        carriers: CARRIERS.map(({ id }, bit) => ({ carrier: id, active: (status & (1 << bit)) !== 0 })),
      });
    });
  });
}

async function askSnapshot(path: string, keys: readonly number[]): Promise<Answer[]> {
  const map = loadCarrierMap();
  const nowMs = systemClock.nowMs();
  const { registry, campaignIds } = await openSnapshot(path);
  return keys.map((key) => {
    // At the end of time everything pending is active.
    const campaign = registry.find(key, Infinity);
    if (campaign < 0) return answerOf(map, key, NOT_REGISTERED);
    return answerOf(map, key, registrationOf(campaignIds[campaign], registry.pending(key)?.activeAtMs ?? 0, nowMs));
  });
}

function registrationOf(campaign: string | undefined, activeAtMs: number, nowMs: number): Registration {
  const isPending = activeAtMs > nowMs;
  return {
    state: isPending ? 'pending' : 'registered',
    campaign: campaign ?? null,
    activeAt: isPending ? new Date(activeAtMs).toISOString() : null,
  };
}

function answerOf(map: CarrierMap, key: number, registration: Registration): Answer {
  const line = map.lookup(key);
  return {
    number: formatNumber(key),
    assigned: isAssigned(line),
    carrier: CARRIERS[carrierOf(line)]?.id ?? null,
    lineType: nameAt(LINE_TYPES, lineTypeOf(line)),
    registration,
  };
}

async function askGateway(base: string, key: number, stop: AbortSignal): Promise<Answer> {
  const wrong = wrongAddress(base);
  if (wrong !== undefined) throw usage(wrong);
  const address = addressBelow(base, `/v1/lookup/${encodeURIComponent(formatNumber(key))}`);
  let response: Response;
  try {
    response = await fetch(address, { signal: AbortSignal.any([stop, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]) });
  } catch (error) {
    stop.throwIfAborted();
    throw failed(`--url: ${base} does not answer (${reasonOf(error)}); is a gateway running there?`);
  }
  if (!response.ok) throw failed(`--url: ${base} answers ${response.status}; is it a Tollgate gateway?`);
  return (await response.json()) as Answer;
}

/** What `fetch` has to say is in the cause of its error. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: NodeJS.ErrnoException };
  return cause?.code ?? message;
}

function describe({ number, assigned, carrier, lineType, registration }: Answer): string {
  const { state, campaign, activeAt, nnid, carriers } = registration;
  const setBy = nnid === undefined ? '' : `, set by ${nnid}`;
  const active = carriers?.filter((one) => one.active).map((one) => one.carrier);
  const where = active === undefined || campaign === null ? '' : `, active at ${active.join(' ') || 'no carrier'}`;
  const what =
    campaign === null
      ? 'not in the registry'
      : `${state} to ${campaign}${activeAt === null ? '' : ` from ${activeAt} on`}${setBy}${where}`;
  const block = assigned ? `${lineType} line of ${carrier ?? 'no mobile carrier'}` : 'block assigned to nobody';
  return `${number}  ${what}; ${block}`;
}
