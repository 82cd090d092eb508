/** `tollgate load`: a stream of messages to a gateway or any SMSC, how quickly it was answered, and whether that was quick enough. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { dirname, extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock, systemTimers } from '../control/index.ts';
import { loadFigures } from '../demo/index.ts';
import {
  ARRIVALS,
  type ArrivalKind,
  type BindKinds,
  BINDS,
  checkThresholds,
  type Destination,
  DESTINATIONS,
  formatReport,
  isOfReceipts,
  type LoadPlan,
  METRICS,
  type Protocol,
  readThresholds,
  reportHtml,
  reportJson,
  runLoad,
  TargetUnfit,
  type Threshold,
  type ThreadHandle,
  type ThreadTask,
} from '../load/index.ts';
import { ACCOUNT_ID } from '../router/index.ts';
import { CREDENTIALS_HELP, URL_DEFAULT } from './ask-gateway.ts';
import { readDuration } from './duration.ts';
import { registerNumbers } from './load-numbers.ts';
import { carryOut, failed, systemCode, usage } from './carry-out.ts';
import { whole } from './registry/options.ts';
import { startProgress } from './registry/progress.ts';

const STANDARD_STREAM = '-';
const RATE_MAX = 1_000_000;
const THREADS_MAX = 64;
const CONNECTIONS_MAX = 10_000;
const WINDOW_MAX = 100_000;
const NUMBERS_MAX = 1_000_000;
const BATCH_MAX = 100_000;
const TEXT_MAX = 1_600;
const DURATION_MS_MAX = 7 * 24 * 3_600_000;
const MS_PER_SECOND = 1_000;
const SMPP_URL_DEFAULT = 'smpp://127.0.0.1:2775';
const SYSTEM_ID_MAX = 15;
const PASSWORD_MAX = 8;
const SYSTEM_TYPE_MAX = 12;

interface LoadOptions {
  readonly url: string;
  readonly rate?: number;
  readonly arrivals: ArrivalKind;
  readonly connections: number;
  readonly binds?: BindKinds;
  readonly window?: number;
  readonly batch?: number;
  readonly duration: number;
  readonly warmup: number;
  readonly drain: number;
  readonly timeout: number;
  readonly threads: number;
  readonly seed: number;
  readonly registered: number;
  readonly spam: number;
  readonly carriers?: Readonly<Partial<Record<Destination, number>>>;
  readonly length?: number;
  readonly numbers: number;
  readonly register?: string | true;
  readonly account?: string;
  readonly receipts?: true;
  readonly callbackHost?: string;
  readonly systemId?: string;
  readonly password?: string;
  readonly systemType?: string;
  readonly insecure?: true;
  readonly failIf?: readonly Threshold[];
  readonly json?: string;
  readonly html?: string;
}

const HELP = `
At a rate (--rate) messages are due whatever becomes of earlier ones, and times count from when each was due: a target that stalls
is seen to keep waiting whoever came meanwhile. Without a rate every connection is kept full: that finds out how much the target
takes, and its times are those of a full target. What is never answered counts with the time it had waited.

Registered numbers are registered only if --register says so: their campaigns are then those that the gateway has, in turns. Those it
starts with are small; give it others with tollgate registry generate --campaigns-out and tollgate serve --campaigns.
Refusals by limits and rules are counted apart from errors. The messages of a thread come again after some ten thousand, under other
references. Some phones never tell whether a message has come: their receipts count as lost.

--fail-if takes parts such as p99>20ms, receipt-p99>2s, error>0.1%, loss>0 or rate<900, separated by commas; each says when the load has
failed. There are ${METRICS.filter((metric) => !metric.startsWith('receipt-')).join(', ')}; and the times of receipts as
receipt-p50 and so on.

Exit code 0 if all was well, 1 if a threshold was crossed (each is named), nothing was answered or every answer was an error, 2 for a mistake in the call or if
nobody answers at the target.
${CREDENTIALS_HELP}`;

export function loadCommand(): Command {
  const load = new Command('load').description(
    'send messages at a stated rate, or as fast as they are answered, and report on it',
  );
  const http = common(new Command('http').description('single messages over HTTP'), URL_DEFAULT, 10);
  const batch = common(new Command('batch').description('batches of messages over HTTP, as NDJSON'), URL_DEFAULT, 4);
  const smpp = common(new Command('smpp').description('submit_sm to any SMSC'), SMPP_URL_DEFAULT, 2);
  overHttp(batch).option('--batch <count>', 'messages in one request', whole(2, BATCH_MAX), 1_000);
  overHttp(http);
  smpp
    .option('--window <count>', 'requests unanswered at once on each bind', whole(1, WINDOW_MAX), 100)
    .addOption(
      new Option('--binds <kinds>', 'transceivers, or transmitters and as many receivers')
        .choices(BINDS)
        .default('trx'),
    )
    .option('--system-id <id>', 'system_id to bind with', short(SYSTEM_ID_MAX), 'load')
    .option('--password <password>', 'better given as TOLLGATE_SMPP_PASSWORD', short(PASSWORD_MAX))
    .option('--system-type <type>', 'system_type to bind with', short(SYSTEM_TYPE_MAX), '');
  const examples: readonly (readonly [Command, Protocol, string])[] = [
    [http, 'http', 'tollgate load http --rate 500 --duration 30s --receipts --fail-if "p99>20ms,error>0.1%"'],
    [batch, 'batch', 'tollgate load batch --threads 2 --batch 5000 --json - --html load.html'],
    [
      smpp,
      'smpp',
      'tollgate load smpp --url smpp://127.0.0.1:2775 --connections 4 --window 500 --threads 2 --receipts',
    ],
  ];
  for (const [command, protocol, example] of examples) {
    command
      .exitOverride()
      .allowExcessArguments(false)
      .showHelpAfterError(`(tollgate load ${protocol} --help lists the options)`)
      .addHelpText('after', `${HELP}\n\nExample:\n  ${example}`)
      .action((options: LoadOptions) => carryOut((stop) => carryLoad(protocol, options, stop)));
    load.addCommand(command);
  }
  return load;
}

function common(command: Command, url: string, connections: number): Command {
  return command
    .option('--url <url>', 'address of the target', url)
    .option('--rate <per-second>', 'messages a second, an open loop; without it a closed one', readRate)
    .addOption(
      new Option('--arrivals <kind>', 'how messages of a rate are spread').choices(ARRIVALS).default('poisson'),
    )
    .option(
      '--connections <count>',
      'connections of all threads; binds in SMPP',
      whole(1, CONNECTIONS_MAX),
      connections,
    )
    .addOption(span('--duration <time>', 'how long it counts', '10s'))
    .addOption(span('--warmup <time>', 'load before that, which does not count', '2s'))
    .addOption(span('--drain <time>', 'how long answers and receipts are waited for afterwards', '10s'))
    .addOption(span('--timeout <time>', 'how long one answer is waited for', '10s'))
    .option('--threads <count>', 'threads that send', whole(1, THREADS_MAX), 1)
    .option('--seed <number>', 'same seed and threads, same messages', whole(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--registered <share>', 'part of the messages from registered numbers', readShare, 0.9)
    .option('--spam <share>', 'part of the messages that is spam', readShare, 0.1)
    .option('--carriers <shares>', `whom to send to, as att=3,tmobile=1, of ${DESTINATIONS.join(', ')}`, readCarriers)
    .option('--length <characters>', 'of every text; as people write when left out', whole(1, TEXT_MAX))
    .option('--numbers <count>', 'registered numbers that send, and as many others', whole(1, NUMBERS_MAX), 1_000)
    .option('--register [url]', 'register the numbers first, at the API of a Tollgate gateway')
    .option('--receipts', 'ask for receipts and wait for them')
    .option('--insecure', 'take any certificate')
    .option('--fail-if <thresholds>', 'when the load has failed: see below', readFailIf)
    .option('--json <file>', 'write the report as JSON, or - for standard output alone')
    .option('--html <file>', 'write the report as a page with plots');
}

function span(flags: string, what: string, usual: string): Option {
  return new Option(flags, what).argParser(readSpan).default(readSpan(usual), usual);
}

function overHttp(command: Command): Command {
  return command
    .option('--account <id>', 'account of the messages', readAccount)
    .option('--callback-host <address>', 'address of this machine for receipts', readAddress, '127.0.0.1');
}

async function carryLoad(protocol: Protocol, options: LoadOptions, stop: AbortSignal): Promise<void> {
  const plan = planOf(protocol, options);
  checkWritable('--json', options.json);
  checkWritable('--html', options.html);
  const isQuiet = !process.stderr.isTTY;
  if (options.register !== undefined) {
    const api = options.register === true ? apiOf(plan) : readUrl('--register', options.register, ['http:', 'https:']);
    const isDone = await registerNumbers({ api, seed: plan.seed, count: plan.mix.numbers, isQuiet, stop });
    if (!isDone) return;
  }
  const messages = plan.perSecond === undefined ? undefined : wholeMs(plan) * (plan.perSecond / MS_PER_SECOND);
  const progress = startProgress('messages', messages === undefined ? undefined : Math.round(messages), isQuiet);
  let settled = 0;
  const report = await runLoad(plan, {
    startThread,
    clock: systemClock,
    timers: systemTimers,
    onProgress: (more) => progress.to((settled += more)),
    onWord: (line) => progress.say(`tollgate: ${line}`),
    stop,
  })
    .catch((error: unknown) => {
      throw error instanceof TargetUnfit ? usage(error.message) : error;
    })
    .finally(() => progress.end());

  const checked = checkThresholds(options.failIf ?? [], report);
  if (options.json !== STANDARD_STREAM) process.stdout.write(formatReport(report, checked));
  write('--json', options.json, () => reportJson(report, checked));
  write('--html', options.html, () => reportHtml(report, checked));
  const crossed = checked.filter(({ isCrossed }) => isCrossed);
  if (crossed.length > 0) throw failed(...crossed.map(({ said }) => `--fail-if: ${said}`));
  if (report.isCutShort) throw failed('interrupted; the report is of what there was');
  const { answered, accepted, refused } = report.messages;
  if (accepted + refused === 0) throw failed(nothingLine(answered, report.failed));
}

function nothingLine(answered: number, causes: Readonly<Record<string, number>>): string {
  const [first] = Object.keys(causes);
  const what = answered === 0 ? 'no message that counts was answered' : 'every answer was an error';
  return first === undefined ? what : `${what} (${first})`;
}

function wholeMs({ warmUpMs, durationMs }: LoadPlan): number {
  return warmUpMs + durationMs;
}

function planOf(protocol: Protocol, options: LoadOptions): LoadPlan {
  const { rate, connections, threads, duration, failIf = [], receipts = false } = options;
  const schemes = protocol === 'smpp' ? ['smpp:', 'smpps:'] : ['http:', 'https:'];
  if (connections < threads) {
    throw usage(
      `--connections: ${connections} cannot be shared by ${threads} threads; give at least one for each, or fewer --threads`,
    );
  }
  if (duration === 0) throw usage('--duration: nothing can be measured in no time; give it some, such as 10s');
  const ofReceipts = failIf.find(({ metric }) => isOfReceipts(metric));
  if (ofReceipts !== undefined && !receipts) {
    throw usage(`--fail-if: ${ofReceipts.metric} is of receipts, which nobody asks for; add --receipts`);
  }
  if (options.json === STANDARD_STREAM && options.html === STANDARD_STREAM) {
    throw usage('--html: standard output is taken by --json -; give a file');
  }
  const { TOLLGATE_ADMIN_USER: user, TOLLGATE_ADMIN_PASSWORD: adminPassword, TOLLGATE_SMPP_PASSWORD } = process.env;
  const password = options.password ?? TOLLGATE_SMPP_PASSWORD ?? '';
  if (password.length > PASSWORD_MAX) throw usage(`TOLLGATE_SMPP_PASSWORD: at most ${PASSWORD_MAX} characters`);
  const known = availableParallelism();
  if (threads > known)
    process.stderr.write(`tollgate: --threads: ${threads} is more than the ${known} processors of this machine\n`);
  return {
    protocol,
    url: readUrl('--url', options.url, schemes),
    perSecond: rate,
    arrivals: options.arrivals,
    connections,
    ...(options.binds !== undefined && { binds: options.binds }),
    window: options.window ?? 1,
    batchMessages: options.batch ?? 1,
    warmUpMs: options.warmup,
    durationMs: duration,
    drainMs: options.drain,
    timeoutMs: Math.max(1, options.timeout),
    threads,
    seed: options.seed,
    mix: {
      registeredShare: options.registered,
      spamShare: options.spam,
      destinations: options.carriers ?? usualDestinations(),
      textLength: options.length,
      numbers: options.numbers,
    },
    account: options.account,
    authorization:
      user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${adminPassword}`).toString('base64')}`,
    receipts,
    callbackHost: options.callbackHost ?? '',
    systemId: options.systemId ?? '',
    password,
    systemType: options.systemType ?? '',
    isInsecure: options.insecure ?? false,
  };
}

/** As the demo's: by the market shares of carriers. */
function usualDestinations(): Partial<Record<Destination, number>> {
  const shares = loadFigures().destinations.map(({ group, share }) => [group, share] as const);
  return Object.fromEntries(shares) as Partial<Record<Destination, number>>;
}

function apiOf({ protocol, url }: LoadPlan): string {
  return protocol === 'smpp' ? URL_DEFAULT : url;
}

function startThread(task: ThreadTask): ThreadHandle {
  const ending = extname(import.meta.url);
  const program = new URL(`./load-thread${ending}`, import.meta.url);
  if (ending !== '.ts') return new Worker(program, { workerData: task });
  // From source: Node alone does not read TypeScript, and a thread does not inherit what makes this one do so.
  const start = `import('${import.meta.resolve('tsx/esm/api')}').then(({ tsImport }) => tsImport('${program.href}', '${program.href}'))`;
  return new Worker(start, { eval: true, workerData: task });
}

/** Before the load rather than after it. */
function checkWritable(flag: string, path: string | undefined): void {
  if (path === undefined || path === STANDARD_STREAM) return;
  const isThere = existsSync(path);
  if (isThere && statSync(path).isDirectory()) throw usage(`${flag}: ${path} is a folder; give a file`);
  try {
    accessSync(isThere ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw unwritable(flag, path, error);
  }
}

function unwritable(flag: string, path: string, error: unknown): Error {
  return usage(`${flag}: ${path} cannot be written (${systemCode(error)}); give a file in a folder that is there`);
}

function write(flag: string, path: string | undefined, text: () => string): void {
  if (path === undefined) return;
  if (path === STANDARD_STREAM) {
    process.stdout.write(text());
    return;
  }
  try {
    writeFileSync(path, text());
  } catch (error) {
    throw unwritable(flag, path, error);
  }
}

function readUrl(flag: string, written: string, schemes: readonly string[]): string {
  const example = `${schemes[0]}//127.0.0.1:${schemes[0] === 'smpp:' ? 2775 : 8080}`;
  let url: URL;
  try {
    url = new URL(written);
  } catch {
    throw usage(`${flag}: "${written}" is no address; give one such as ${example}`);
  }
  if (!schemes.includes(url.protocol))
    throw usage(`${flag}: ${written} must begin with ${schemes.join('// or ')}//, such as ${example}`);
  if (url.hostname === '') throw usage(`${flag}: ${written} names no host; give an address such as ${example}`);
  if (url.username !== '' || url.password !== '') {
    throw usage(`${flag}: leave credentials out of the address, where others can read them; ${CREDENTIALS_HELP}`);
  }
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

function readSpan(written: string): number {
  const ms = readDuration(written);
  if (ms > DURATION_MS_MAX) throw new InvalidArgumentError('Give seven days at most.');
  return ms;
}

function readRate(written: string): number {
  const value = /^\d{1,7}(\.\d{1,6})?$/.test(written) ? Number(written) : Number.NaN;
  if (!(value > 0 && value <= RATE_MAX))
    throw new InvalidArgumentError(`Give messages a second, above 0 and at most ${RATE_MAX}.`);
  return value;
}

function readShare(written: string): number {
  const value = /^\d(\.\d{1,6})?$/.test(written) ? Number(written) : Number.NaN;
  if (!(value <= 1)) throw new InvalidArgumentError('Give a part from 0 to 1, such as 0.25.');
  return value;
}

function readCarriers(written: string): Partial<Record<Destination, number>> {
  const shares: Partial<Record<Destination, number>> = {};
  for (const part of written.split(',')) {
    const [, name = '', share = ''] = /^\s*([a-z]+)=(\d{1,6}(?:\.\d{1,6})?)\s*$/.exec(part) ?? [];
    const known = DESTINATIONS.find((one) => one === name);
    if (known === undefined || shares[known] !== undefined) {
      throw new InvalidArgumentError(
        `Give each of ${DESTINATIONS.join(', ')} once at most, with its share, as att=3,tmobile=1.`,
      );
    }
    shares[known] = Number(share);
  }
  if (Object.values(shares).every((share) => share === 0))
    throw new InvalidArgumentError('Give at least one share above 0.');
  return shares;
}

function readFailIf(written: string): readonly Threshold[] {
  const read = readThresholds(written);
  if ('wrong' in read) throw new InvalidArgumentError(read.wrong);
  return read;
}

function readAccount(written: string): string {
  if (!ACCOUNT_ID.test(written))
    throw new InvalidArgumentError('Give the id of an account: printable ASCII without spaces.');
  return written;
}

function readAddress(written: string): string {
  if (isIP(written) === 0) throw new InvalidArgumentError('Give an IP address of this machine, such as 127.0.0.1.');
  return written;
}

/** A text of SMPP: ASCII, so long at most. */
function short(most: number): (written: string) => string {
  return (written) => {
    if (written.length > most || !/^[\x20-\x7e]*$/.test(written)) {
      throw new InvalidArgumentError(`Give at most ${most} characters of ASCII.`);
    }
    return written;
  };
}
