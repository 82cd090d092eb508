/**
 * What an operator may set: defaults, then a YAML file, then environment variables, then flags, the later winning.
 *
 * One table says all there is to know of an option; flags, variables, keys of the file and the help come from it. Every
 * value, wherever it was written, goes through the same reading, so it is refused with the same words and its place.
 */
import { isMap } from 'yaml';
import {
  note,
  openYaml,
  type Place,
  type Problems,
  plainDateMs,
  readEntries,
  readFields,
  readWritten,
  formatBookError,
} from '../tariffs/index.ts';
import {
  CDR_ROTATE_BYTES_DEFAULT,
  CDR_ROTATE_BYTES_MIN,
  CDR_ROTATE_MS_DEFAULT,
  DELIVERY_BATCH_MESSAGES,
  IDEMPOTENCY_WINDOW_MS_DEFAULT,
  IDEMPOTENCY_WINDOW_MS_MAX,
  INBOX_MESSAGES_DEFAULT,
  INBOX_MESSAGES_MAX,
  QUEUE_MAX_WAIT_MS_DEFAULT,
  QUEUE_MESSAGES_DEFAULT,
  SANDBOX_INBOX_MESSAGES,
  WORKER_MESSAGES_DEFAULT,
} from './limits.ts';
import { QUEUEABLE } from './messages/index.ts';
import { bindingAt } from './router/index.ts';
import { RECEIPT_VARIANTS } from './smpp/index.ts';

export interface ServeOptions {
  host: string;
  port: number;
  seed: number;
  demo: boolean;
  /** Demo messages per second. */
  rate: number;
  /** The date whose regime and tariff apply, milliseconds since the epoch; undefined follows the clock. */
  tariffDate: number | undefined;
  /** The tariff book in force: a path, or the name of a built-in one. */
  book: string | undefined;
  /** More books to switch to and compare with, each a path or a name. */
  books: readonly string[];
  /** Path of a regime file in place of the built-in one. */
  regimes: string | undefined;
  /** Path of a file of brands and campaigns in place of the built-in ones. */
  campaigns: string | undefined;
  /** Path of a file of accounts in place of the built-in ones. */
  accounts: string | undefined;
  /** Messages held, in flight or finished. */
  inbox: number;
  provisioningDelayMs: number;
  /** Factor on the time that checks and reviews of the campaign registry take in life. */
  reviewTimeScale: number;
  /** Where the registries are kept; undefined keeps them in this process. Holds a password as a rule. */
  redisUrl: string | undefined;
  /** Path of a file of service providers and aggregators in place of the built-in ones. */
  parties: string | undefined;
  /** Snapshot file of the number registry: read at start; with Redis also written at the end. */
  registryFile: string | undefined;
  /** Whether the number registry keeps what numbers were registered to before: the closed loop. */
  registryHistory: boolean;
  /** Age of the view of Redis from which on lookups count as stale, milliseconds. */
  registryStaleMs: number;
  registryWhenStale: string;
  /** Directory that CDRs are written to; undefined writes none. */
  cdrDirectory: string | undefined;
  /** A CDR file is closed at this size. */
  cdrRotateBytes: number;
  /** A CDR file is closed this long after it was opened. */
  cdrRotateMs: number;
  /** Path of the audit log; undefined keeps none. */
  auditFile: string | undefined;
  /** Address of an OTLP collector that traces go to; undefined traces nothing. Holds a key with some. */
  tracesUrl: string | undefined;
  /** Part of all traces that are kept, of those whose sender has not decided. */
  traceShare: number;
  /** Limits (`Binding`) over which messages wait for room; over the others they are refused. */
  overLimit: ReadonlySet<number>;
  /** Messages that may wait at one time. */
  queueMessages: number;
  /** How long a message may wait. */
  queueMaxWaitMs: number;
  /** Part of each shared limit that is admitted without a lease while Redis is away; 0 admits nothing. */
  limitsWhenAway: number;
  /** Who delivers what this gateway accepts into Redis: `own` a worker in this process, `workers` others alone. */
  delivery: string;
  /** Messages in the hands of one worker. */
  workerMessages: number;
  /** How long the first answer under a key of idempotency is repeated. */
  idempotencyWindowMs: number;
  /** Ports on which ESMEs bind by SMPP, in plain and over TLS; undefined for none. */
  smppPort: number | undefined;
  smppTlsPort: number | undefined;
  /** Paths of the certificate and key of the latter, as PEM. */
  smppTlsCert: string | undefined;
  smppTlsKey: string | undefined;
  /** How receipts by SMPP differ from plain ones. */
  smppReceipts: readonly string[];
  /** Hosts besides loopback that receipts may be posted to. */
  callbackHosts: readonly string[];
  /** Time that passes by itself, or stands from the start: at the present or at a moment, milliseconds since the epoch. */
  clock: 'real' | 'frozen' | number;
  /** Whether magic numbers mean something. */
  magicNumbers: boolean;
  adminUser: string | undefined;
  adminPassword: string | undefined;
  logLevel: string;
}

/** Reviews that take days in life take seconds: a day is 8.6 of them. */
const REVIEW_TIME_SCALE_DEFAULT = 0.0001;

/** What is done with messages while the view of the registry is too old. */
export const WHEN_STALE: readonly string[] = ['serve-stale', 'refuse'];

/** Who delivers what a gateway accepts into Redis. */
export const DELIVERIES: readonly string[] = ['own', 'workers'];

export const LOG_LEVELS: readonly string[] = ['silent', 'error', 'warn', 'info', 'debug'];

/** The seed's world: the last period with complete registered and unregistered prices for three carriers. */
const TARIFF_DATE_DEFAULT = '2024-03-01';
const DEMO_RATE_DEFAULT = 50;
const DEMO_RATE_MAX = 100_000;
const STALE_MS_DEFAULT = 5_000;

/** A value, or what is wrong with it and the fix. */
export type Reading<T> = { readonly value: T } | { readonly wrong: string };

export interface Option<K extends keyof ServeOptions = keyof ServeOptions> {
  readonly key: K;
  /** Its place in the file, a section and a name in it; `key` itself at the top if left out. */
  readonly inFile?: readonly [section: string, name: string];
  /** Whether the file may give it as a map, an entry for each `name=value`. */
  readonly isMap?: boolean;
  /** Whether its value is kept out of messages. */
  readonly isSecret?: boolean;
  /** Whether its variable set to nothing is a mistake: as a rule that leaves an option out. */
  readonly isNeverEmpty?: boolean;
  readonly flag: string;
  /** The word for its value in the help; none for a switch. */
  readonly argument: string | undefined;
  readonly variable: string;
  readonly help: string;
  /** As somebody would write it. */
  readonly fallback: string | undefined;
  read(written: string): Reading<ServeOptions[K]>;
}

function option<K extends keyof ServeOptions>(one: Option<K>): Option {
  return one;
}

const text = (written: string): Reading<string> =>
  written.trim() === '' ? { wrong: 'is empty; leave it out or give a value' } : { value: written };

function whole(from: number, to: number): (written: string) => Reading<number> {
  return (written) => {
    const value = /^-?\d{1,16}$/.test(written) ? Number(written) : Number.NaN;
    return value >= from && value <= to ? { value } : { wrong: `must be a whole number from ${from} to ${to}` };
  };
}

function choice(choices: readonly string[]): (written: string) => Reading<string> {
  return (written) =>
    choices.includes(written) ? { value: written } : { wrong: `must be one of ${choices.join(', ')}` };
}

function readRate(written: string): Reading<number> {
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(written) ? Number(written) : Number.NaN;
  return value > 0 && value <= DEMO_RATE_MAX
    ? { value }
    : { wrong: `must be a number above 0, at most ${DEMO_RATE_MAX}` };
}

function readScale(written: string): Reading<number> {
  const value = /^\d{1,3}(\.\d{1,8})?$/.test(written) ? Number(written) : Number.NaN;
  return value <= 100 ? { value } : { wrong: 'must be a number from 0 to 100' };
}

function readFraction(written: string): Reading<number> {
  if (written === 'refuse') return { value: 0 };
  const value = /^\d(\.\d{1,6})?$/.test(written) ? Number(written) : Number.NaN;
  return value > 0 && value <= 1 ? { value } : { wrong: 'must be refuse, or a number above 0, at most 1' };
}

function readShare(written: string): Reading<number> {
  const value = /^\d(\.\d{1,6})?$/.test(written) ? Number(written) : Number.NaN;
  return value <= 1 ? { value } : { wrong: 'must be a number from 0 to 1' };
}

function readCollector(written: string): Reading<string> {
  const { protocol = '', search = '', hash = '' } = URL.canParse(written) ? new URL(written) : {};
  return /^https?:$/.test(protocol) && search === '' && hash === ''
    ? { value: written }
    : { wrong: 'must be an address such as http://127.0.0.1:4318, with http or https and no query' };
}

function readSwitch(written: string): Reading<boolean> {
  if (written === 'true' || written === '1') return { value: true };
  if (written === 'false' || written === '0') return { value: false };
  return { wrong: 'must be true or false' };
}

function readTariffDate(written: string): Reading<number | undefined> {
  if (written === 'today') return { value: undefined };
  const value = plainDateMs(written);
  return Number.isNaN(value) ? { wrong: 'must be a real day as YYYY-MM-DD, or today' } : { value };
}

function readHosts(written: string): Reading<readonly string[]> {
  const hosts = written.split(',').map((host) => host.trim());
  const bad = hosts.find((host) => !/^[A-Za-z0-9.-]+$|^\[[0-9a-f:]+\]$/.test(host));
  return bad === undefined ? { value: hosts } : { wrong: `must be host names separated by commas; "${bad}" is none` };
}

function readReceiptVariants(written: string): Reading<readonly string[]> {
  const words = written.split(',').map((word) => word.trim());
  const known = Object.keys(RECEIPT_VARIANTS);
  if (!words.every((word) => known.includes(word))) {
    return { wrong: `must be words of ${known.join(', ')}, separated by commas` };
  }
  const isSilent = words.includes('text-only') && words.includes('tlv-only');
  return isSilent ? { wrong: 'must not be text-only and tlv-only at once' } : { value: words };
}

function readNames(written: string): Reading<readonly string[]> {
  const names = written.split(',').map((name) => name.trim());
  return names.includes('') ? { wrong: 'must be files separated by commas' } : { value: names };
}

const QUEUEABLE_BY_NAME = new Map(QUEUEABLE.map((binding) => [bindingAt(binding).name, binding]));

/** `reject` or `queue` for all limits that can, or `limit=queue` and `limit=reject` separated by commas. */
function readOverLimit(written: string): Reading<ReadonlySet<number>> {
  if (written === 'reject') return { value: new Set() };
  if (written === 'queue') return { value: new Set(QUEUEABLE) };
  const queued = new Set<number>();
  for (const part of written.split(',')) {
    const [name = '', what] = part.split('=').map((word) => word.trim());
    const binding = QUEUEABLE_BY_NAME.get(name);
    if (binding === undefined || (what !== 'queue' && what !== 'reject')) {
      const names = [...QUEUEABLE_BY_NAME.keys()].join(', ');
      return {
        wrong: `must be reject, queue, or limit=queue and limit=reject separated by commas, for the limits ${names}`,
      };
    }
    if (what === 'queue') queued.add(binding);
    else queued.delete(binding);
  }
  return { value: queued };
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

function readClock(written: string): Reading<'real' | 'frozen' | number> {
  if (written === 'real' || written === 'frozen') return { value: written };
  const [word, moment = ''] = written.split('@');
  const value = word === 'frozen' && MOMENT.test(moment) ? Date.parse(moment) : Number.NaN;
  return Number.isNaN(value)
    ? {
        wrong:
          'must be real, frozen, or frozen@ and a moment with its offset, such as frozen@2024-03-01T18:00:00-08:00',
      }
    : { value };
}

/** Basic authentication ends the user name at its first colon. */
function readUser(written: string): Reading<string> {
  return written.includes(':') ? { wrong: 'must hold no colon' } : text(written);
}

export const OPTIONS: readonly Option[] = [
  option({
    key: 'host',
    flag: '--host',
    argument: 'address',
    variable: 'TOLLGATE_HOST',
    help: 'address to listen on; off loopback it needs admin credentials',
    fallback: '127.0.0.1',
    read: text,
  }),
  option({
    key: 'port',
    flag: '--port',
    argument: 'number',
    variable: 'TOLLGATE_PORT',
    help: 'port to listen on; 0 takes a free one',
    fallback: '8080',
    read: whole(0, 65_535),
  }),
  option({
    key: 'seed',
    flag: '--seed',
    argument: 'number',
    variable: 'TOLLGATE_SEED',
    help: 'seed of all chance: demo traffic, carriers, filters',
    fallback: '1',
    read: whole(0, Number.MAX_SAFE_INTEGER),
  }),
  option({
    key: 'demo',
    flag: '--demo',
    argument: undefined,
    variable: 'TOLLGATE_DEMO',
    help: 'also run demo traffic through the HTTP ingress',
    fallback: 'false',
    read: readSwitch,
  }),
  option({
    key: 'rate',
    flag: '--rate',
    argument: 'number',
    variable: 'TOLLGATE_RATE',
    help: 'demo messages per second, on average over a day',
    fallback: String(DEMO_RATE_DEFAULT),
    read: readRate,
  }),
  option({
    key: 'tariffDate',
    flag: '--tariff-date',
    argument: 'date',
    variable: 'TOLLGATE_TARIFF_DATE',
    help: 'day whose regimes and prices apply, YYYY-MM-DD, or today',
    fallback: TARIFF_DATE_DEFAULT,
    read: readTariffDate,
  }),
  option({
    key: 'book',
    flag: '--book',
    argument: 'file',
    variable: 'TOLLGATE_BOOK',
    help: 'tariff book in force: a file, or a built-in one by name, such as what-if-flat',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'books',
    flag: '--books',
    argument: 'files',
    variable: 'TOLLGATE_BOOKS',
    help: 'more tariff books that can be switched to, separated by commas',
    fallback: undefined,
    read: readNames,
  }),
  option({
    key: 'regimes',
    flag: '--regimes',
    argument: 'file',
    variable: 'TOLLGATE_REGIMES',
    help: 'regime file to use in place of the built-in one',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'campaigns',
    flag: '--campaigns',
    argument: 'file',
    variable: 'TOLLGATE_CAMPAIGNS',
    help: 'file of brands and campaigns to use in place of the built-in ones',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'accounts',
    flag: '--accounts',
    argument: 'file',
    variable: 'TOLLGATE_ACCOUNTS',
    help: 'file of accounts, prepaid and postpaid, with their limits, to use in place of the built-in ones',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'inbox',
    flag: '--inbox',
    argument: 'number',
    variable: 'TOLLGATE_INBOX',
    help: 'messages held, in flight or finished',
    fallback: String(INBOX_MESSAGES_DEFAULT),
    read: whole(1, INBOX_MESSAGES_MAX),
  }),
  option({
    key: 'provisioningDelayMs',
    flag: '--provisioning-delay-ms',
    argument: 'number',
    variable: 'TOLLGATE_PROVISIONING_DELAY_MS',
    help: 'time a number takes to become registered when its request does not say',
    fallback: '0',
    read: whole(0, 31_536_000_000),
  }),
  option({
    key: 'reviewTimeScale',
    flag: '--review-time-scale',
    argument: 'factor',
    variable: 'TOLLGATE_REVIEW_TIME_SCALE',
    help: 'time that checks of brands and reviews of campaigns take, 1 as in life, 0 none',
    fallback: String(REVIEW_TIME_SCALE_DEFAULT),
    read: readScale,
  }),
  option({
    key: 'redisUrl',
    isSecret: true,
    // A variable that was not filled in must not keep in memory what was to be kept in Redis.
    isNeverEmpty: true,
    flag: '--redis',
    argument: 'url',
    variable: 'REDIS_URL',
    help: 'Redis, Sentinel or Cluster that keeps the registries; better given as a variable, for its password',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'parties',
    flag: '--parties',
    argument: 'file',
    variable: 'TOLLGATE_PARTIES',
    help: 'file of service providers and aggregators to let in, in place of the built-in ones',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'registryFile',
    inFile: ['registry', 'file'],
    flag: '--registry-file',
    argument: 'file',
    variable: 'TOLLGATE_REGISTRY_FILE',
    help: 'snapshot of the number registry to start from; with Redis it is also written at the end',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'registryHistory',
    inFile: ['registry', 'history'],
    flag: '--registry-history',
    argument: undefined,
    variable: 'TOLLGATE_REGISTRY_HISTORY',
    help: 'let the number registry keep what numbers were registered to before, and traces succeed',
    fallback: 'false',
    read: readSwitch,
  }),
  option({
    key: 'registryStaleMs',
    inFile: ['registry', 'staleMs'],
    flag: '--registry-stale-ms',
    argument: 'number',
    variable: 'TOLLGATE_REGISTRY_STALE_MS',
    help: 'age of the view of Redis from which on it counts as stale',
    fallback: String(STALE_MS_DEFAULT),
    read: whole(100, 86_400_000),
  }),
  option({
    key: 'registryWhenStale',
    inFile: ['registry', 'whenStale'],
    flag: '--registry-when-stale',
    argument: 'choice',
    variable: 'TOLLGATE_REGISTRY_WHEN_STALE',
    help: `what is done with messages then: ${WHEN_STALE.join(' (answers are flagged) or ')}`,
    fallback: 'serve-stale',
    read: choice(WHEN_STALE),
  }),
  option({
    key: 'cdrDirectory',
    inFile: ['cdr', 'directory'],
    flag: '--cdr',
    argument: 'directory',
    variable: 'TOLLGATE_CDR',
    help: 'directory to write a CDR of every message to, as lines of JSON in files that are closed by size and age',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'cdrRotateBytes',
    inFile: ['cdr', 'rotateBytes'],
    flag: '--cdr-rotate-bytes',
    argument: 'number',
    variable: 'TOLLGATE_CDR_ROTATE_BYTES',
    help: 'size at which a CDR file is closed',
    fallback: String(CDR_ROTATE_BYTES_DEFAULT),
    read: whole(CDR_ROTATE_BYTES_MIN, Number.MAX_SAFE_INTEGER),
  }),
  option({
    key: 'cdrRotateMs',
    inFile: ['cdr', 'rotateMs'],
    flag: '--cdr-rotate-ms',
    argument: 'number',
    variable: 'TOLLGATE_CDR_ROTATE_MS',
    help: 'age at which a CDR file is closed',
    fallback: String(CDR_ROTATE_MS_DEFAULT),
    read: whole(1_000, 31_536_000_000),
  }),
  option({
    key: 'auditFile',
    flag: '--audit-file',
    argument: 'file',
    variable: 'TOLLGATE_AUDIT_FILE',
    help: 'file to which every change by an operator is added: who, what, before and after; each process has its own',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'tracesUrl',
    inFile: ['traces', 'url'],
    isSecret: true,
    flag: '--traces',
    argument: 'url',
    variable: 'TOLLGATE_TRACES',
    help: 'OpenTelemetry collector to send traces to by OTLP over HTTP, such as http://127.0.0.1:4318; needs its packages',
    fallback: undefined,
    read: readCollector,
  }),
  option({
    key: 'traceShare',
    inFile: ['traces', 'share'],
    flag: '--trace-share',
    argument: 'fraction',
    variable: 'TOLLGATE_TRACE_SHARE',
    help: 'part of all traces that are kept, 0 to 1; of a request that came with a traceparent its sender has decided',
    fallback: '1',
    read: readShare,
  }),
  option({
    key: 'overLimit',
    isMap: true,
    flag: '--over-limit',
    argument: 'what',
    variable: 'TOLLGATE_OVER_LIMIT',
    help: 'what is done with messages over a limit: reject, queue, or limit=queue,... for some of them',
    fallback: 'reject',
    read: readOverLimit,
  }),
  option({
    key: 'queueMessages',
    flag: '--queue-messages',
    argument: 'number',
    variable: 'TOLLGATE_QUEUE_MESSAGES',
    help: 'messages that may wait under limits that queue, at most half of --inbox',
    fallback: String(QUEUE_MESSAGES_DEFAULT),
    read: whole(1, INBOX_MESSAGES_MAX / 2),
  }),
  option({
    key: 'queueMaxWaitMs',
    flag: '--queue-max-wait-ms',
    argument: 'number',
    variable: 'TOLLGATE_QUEUE_MAX_WAIT_MS',
    help: 'how long a message may wait there',
    fallback: String(QUEUE_MAX_WAIT_MS_DEFAULT),
    read: whole(1, 604_800_000),
  }),
  option({
    key: 'limitsWhenAway',
    flag: '--limits-when-away',
    argument: 'what',
    variable: 'TOLLGATE_LIMITS_WHEN_AWAY',
    help: 'with Redis away, what is done where a shared limit has to be asked: refuse, or admit this fraction of it (0 to 1; never money)',
    fallback: 'refuse',
    read: readFraction,
  }),
  option({
    key: 'delivery',
    flag: '--delivery',
    argument: 'who',
    variable: 'TOLLGATE_DELIVERY',
    help: 'with Redis, who delivers: own (a worker in this process too) or workers (`tollgate worker` alone)',
    fallback: 'own',
    read: choice(DELIVERIES),
  }),
  option({
    key: 'workerMessages',
    flag: '--worker-messages',
    argument: 'number',
    variable: 'TOLLGATE_WORKER_MESSAGES',
    help: 'messages in the hands of one worker at a time',
    fallback: String(WORKER_MESSAGES_DEFAULT),
    read: whole(DELIVERY_BATCH_MESSAGES, INBOX_MESSAGES_MAX),
  }),
  option({
    key: 'idempotencyWindowMs',
    flag: '--idempotency-window-ms',
    argument: 'number',
    variable: 'TOLLGATE_IDEMPOTENCY_WINDOW_MS',
    help: 'how long a message sent again under its idempotency key gets the first answer again',
    fallback: String(IDEMPOTENCY_WINDOW_MS_DEFAULT),
    read: whole(1_000, IDEMPOTENCY_WINDOW_MS_MAX),
  }),
  option({
    key: 'smppPort',
    inFile: ['smpp', 'port'],
    flag: '--smpp-port',
    argument: 'number',
    variable: 'TOLLGATE_SMPP_PORT',
    help: 'port on which ESMEs bind by SMPP 3.4, 2775 by custom; 0 takes a free one; without it there is no SMPP',
    fallback: undefined,
    read: whole(0, 65_535),
  }),
  option({
    key: 'smppTlsPort',
    inFile: ['smpp', 'tlsPort'],
    flag: '--smpp-tls-port',
    argument: 'number',
    variable: 'TOLLGATE_SMPP_TLS_PORT',
    help: 'the same over TLS, 3550 by custom',
    fallback: undefined,
    read: whole(0, 65_535),
  }),
  option({
    key: 'smppTlsCert',
    inFile: ['smpp', 'tlsCert'],
    flag: '--smpp-tls-cert',
    argument: 'file',
    variable: 'TOLLGATE_SMPP_TLS_CERT',
    help: 'its certificate, as PEM',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'smppTlsKey',
    inFile: ['smpp', 'tlsKey'],
    flag: '--smpp-tls-key',
    argument: 'file',
    variable: 'TOLLGATE_SMPP_TLS_KEY',
    help: 'its private key, as PEM',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'smppReceipts',
    inFile: ['smpp', 'receipts'],
    flag: '--smpp-receipts',
    argument: 'words',
    variable: 'TOLLGATE_SMPP_RECEIPTS',
    help: `how receipts by SMPP differ from plain ones, separated by commas: ${Object.keys(RECEIPT_VARIANTS).join(', ')}`,
    fallback: undefined,
    read: readReceiptVariants,
  }),
  option({
    key: 'callbackHosts',
    flag: '--callback-host',
    argument: 'hosts',
    variable: 'TOLLGATE_CALLBACK_HOST',
    help: 'hosts besides loopback that receipts may be posted to, separated by commas',
    fallback: undefined,
    read: readHosts,
  }),
  option({
    key: 'clock',
    flag: '--clock',
    argument: 'what',
    variable: 'TOLLGATE_CLOCK',
    help: 'time: real, or frozen[@moment] until /v1/clock moves it; without Redis',
    fallback: 'real',
    read: readClock,
  }),
  option({
    key: 'magicNumbers',
    flag: '--magic-numbers',
    argument: undefined,
    variable: 'TOLLGATE_MAGIC_NUMBERS',
    help: 'let numbers in +1 500 555 have the fixed outcomes that /v1/magic-numbers lists; sandboxes always do',
    fallback: 'false',
    read: readSwitch,
  }),
  option({
    key: 'adminUser',
    flag: '--admin-user',
    argument: 'name',
    variable: 'TOLLGATE_ADMIN_USER',
    help: 'user name asked for by everything that changes the world or shows texts',
    fallback: undefined,
    read: readUser,
  }),
  option({
    key: 'adminPassword',
    isSecret: true,
    flag: '--admin-password',
    argument: 'password',
    variable: 'TOLLGATE_ADMIN_PASSWORD',
    help: 'its password; better given as a variable than as a flag',
    fallback: undefined,
    read: text,
  }),
  option({
    key: 'logLevel',
    flag: '--log-level',
    argument: 'level',
    variable: 'TOLLGATE_LOG_LEVEL',
    help: LOG_LEVELS.join(', '),
    fallback: 'warn',
    read: choice(LOG_LEVELS),
  }),
];

/** Where values may be written, from the weakest to the strongest. */
export interface OptionSources {
  /** Text of the YAML file, and its path for errors. */
  readonly file?: { readonly path: string; readonly text: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By key, as written on the command line. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

export type OptionsRead =
  | { readonly ok: true; readonly options: ServeOptions }
  | { readonly ok: false; readonly errors: readonly string[] };

/** Reads all options. Every wrong value is reported, each with where it was written. */
export function readOptions(sources: OptionSources): OptionsRead {
  const errors: string[] = [];
  const values: Record<string, unknown> = { callbackHosts: [], books: [], smppReceipts: [] };

  const take = (one: Option, written: string, where: string): void => {
    const reading = one.read(written);
    if ('wrong' in reading) errors.push(`${where}: "${one.isSecret === true ? '…' : written}" ${reading.wrong}`);
    else values[one.key] = reading.value;
  };

  for (const one of OPTIONS) {
    if (one.fallback !== undefined) take(one, one.fallback, one.flag);
  }
  if (sources.file !== undefined) takeFile(sources.file, values, errors);
  for (const one of OPTIONS) {
    const variable = sources.environment[one.variable];
    if (variable !== undefined && (variable !== '' || one.isNeverEmpty === true)) take(one, variable, one.variable);
  }
  for (const one of OPTIONS) {
    const flag = sources.flags[one.key];
    if (flag !== undefined) take(one, flag, one.flag);
  }

  const options = values as unknown as ServeOptions;
  if (errors.length === 0) errors.push(...contradictions(options));
  return errors.length > 0 ? { ok: false, errors } : { ok: true, options };
}

function takeFile(file: { path: string; text: string }, values: Record<string, unknown>, errors: string[]): void {
  const { root, problems } = openYaml(file.text, file.path);
  const placeOf = (one: Option): readonly [section: string, name: string] => one.inFile ?? ['', one.key];
  const namesIn = (section: string): string[] =>
    OPTIONS.flatMap((one) => (placeOf(one)[0] === section ? placeOf(one)[1] : []));
  const sections = [...new Set(OPTIONS.flatMap((one) => one.inFile?.[0] ?? []))];
  const optional = [...namesIn(''), ...sections];
  const top = root && readFields(problems, root, 'the configuration', { required: [], optional });
  const fields = new Map([['', top]]);
  for (const section of sections) {
    const place = top?.get(section);
    if (place === undefined) continue;
    fields.set(section, readFields(problems, place, section, { required: [], optional: namesIn(section) }));
  }
  for (const one of OPTIONS) {
    const [section, name] = placeOf(one);
    const place = fields.get(section)?.get(name);
    if (place === undefined) continue;
    const written =
      one.isMap === true && isMap(place.node)
        ? writtenEntries(one, problems, place, name)
        : readWritten(problems, place, name);
    if (written === undefined) continue;
    const reading = one.read(written);
    if ('wrong' in reading) note(problems, place.offset, `${name} ${reading.wrong}`);
    else values[one.key] = reading.value;
  }
  errors.push(...problems.found.map((problem) => formatBookError(problem)));
}

/** The entries of a map as they would be written on the command line; undefined if one of them is wrong. */
function writtenEntries(one: Option, problems: Problems, place: Place, name: string): string | undefined {
  const parts: string[] = [];
  let isRight = true;
  for (const [key, entry] of readEntries(problems, place, name) ?? []) {
    const value = readWritten(problems, entry, key);
    if (value === undefined) {
      isRight = false;
      continue;
    }
    const part = `${key}=${value}`;
    const reading = one.read(part);
    if ('wrong' in reading) {
      note(problems, entry.keyOffset, `${name}: "${part}" ${reading.wrong}`);
      isRight = false;
    }
    parts.push(part);
  }
  return isRight ? parts.join(',') : undefined;
}

/** What may be different in a sandbox, as it is written. */
interface SandboxWishes {
  readonly seed?: number | undefined;
  readonly tariffDate?: string | undefined;
  readonly clock?: string | undefined;
  readonly smpp?: boolean | undefined;
}

export type SandboxOptionsRead =
  | { readonly ok: true; readonly options: ServeOptions }
  | { readonly ok: false; readonly wrong: { readonly field: string; readonly message: string } };

/**
 * The options of a sandbox behind a gateway: as that gateway's, with what is wished for, and all that it keeps in its own process. Magic
 * numbers are in force; who knows the sandbox needs no password besides.
 */
export function readSandboxOptions(outer: ServeOptions, wishes: SandboxWishes): SandboxOptionsRead {
  const options: ServeOptions = {
    ...outer,
    clock: 'real',
    demo: false,
    inbox: SANDBOX_INBOX_MESSAGES,
    queueMessages: Math.min(outer.queueMessages, SANDBOX_INBOX_MESSAGES / 2),
    magicNumbers: true,
    redisUrl: undefined,
    registryFile: undefined,
    cdrDirectory: undefined,
    auditFile: undefined,
    tracesUrl: undefined,
    // Where ESMEs bind to the gateway, they bind to its sandboxes too.
    smppPort: wishes.smpp === true && outer.smppPort === undefined && outer.smppTlsPort === undefined ? 0 : undefined,
    smppTlsPort: undefined,
    adminUser: undefined,
    adminPassword: undefined,
  };
  for (const key of ['seed', 'tariffDate', 'clock'] as const) {
    const written = wishes[key];
    if (written === undefined) continue;
    const reading = OPTIONS.find((one) => one.key === key)?.read(String(written));
    if (reading === undefined) continue;
    if ('wrong' in reading) return { ok: false, wrong: { field: key, message: `"${written}" ${reading.wrong}` } };
    Object.assign(options, { [key]: reading.value });
  }
  return { ok: true, options };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** Whether an address to listen on can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

function contradictions(options: ServeOptions): string[] {
  const hasUser = options.adminUser !== undefined;
  const hasPassword = options.adminPassword !== undefined;
  if (hasUser !== hasPassword) {
    return [`--admin-user and --admin-password belong together; give the ${hasUser ? 'password' : 'user'} too`];
  }
  if (!hasUser && !isLoopback(options.host)) {
    return [
      `--host: "${options.host}" is not loopback, so anybody could change the world; ` +
        'set --admin-user and TOLLGATE_ADMIN_PASSWORD, or listen on 127.0.0.1',
    ];
  }
  if (options.clock !== 'real' && options.redisUrl !== undefined) {
    return [
      '--clock: with --redis time is real, since the time of Redis decides between gateways; leave one of them out',
    ];
  }
  const { smppTlsPort, smppTlsCert, smppTlsKey } = options;
  const tlsParts = [smppTlsPort, smppTlsCert, smppTlsKey].filter((part) => part !== undefined).length;
  if (tlsParts % 3 !== 0) {
    return ['--smpp-tls-port, --smpp-tls-cert and --smpp-tls-key belong together; give all three or none'];
  }
  const isQueueSet = options.queueMessages !== QUEUE_MESSAGES_DEFAULT;
  if ((options.overLimit.size > 0 || isQueueSet) && options.queueMessages > options.inbox / 2) {
    return [
      `--queue-messages: ${options.queueMessages} is more than half of the ${options.inbox} messages of --inbox, in which ` +
        'they wait; make it smaller, or the inbox larger',
    ];
  }
  return [];
}
