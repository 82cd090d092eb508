/** `tollgate trace`: asks a running gateway who is behind a number, and shows the chain as far as it goes. */
import { Command } from 'commander';
import { numberRefusal, parseNumberKey } from '../../registry-cache/index.ts';
import type { Trace, TraceLink } from '../registries/index.ts';

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;
const TIMEOUT_MS = 30_000;

const TITLES: Readonly<Record<TraceLink['link'], string>> = {
  message: 'message',
  number_to_campaign: 'number -> campaign',
  campaign_to_brand: 'campaign -> brand',
  brand_to_csp: 'brand -> CSP',
};

interface TraceOptions {
  readonly at?: string;
  readonly url: string;
  readonly json?: true;
}

export function traceCommand(): Command {
  return new Command('trace')
    .description('try to find out who is behind a number: message, number, campaign, brand, CSP')
    .argument('<number>', 'the number, as +12125550123')
    .option('--at <moment>', 'when, as 2024-03-01T18:00:00Z; the present when left out')
    .option('--url <url>', 'address of the gateway', 'http://127.0.0.1:8080')
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      '\nExit code 0 if the trace succeeded, 1 if the chain is broken, 2 for a mistake in the call.' +
        '\nA gateway with admin credentials takes them from TOLLGATE_ADMIN_USER and TOLLGATE_ADMIN_PASSWORD.' +
        '\n\nExample: tollgate trace +12125550123 --at 2024-03-01T18:00:00Z',
    )
    .action(trace);
}

async function trace(number: string, options: TraceOptions): Promise<void> {
  const key = parseNumberKey(number);
  if (key < 0) {
    fail(`<number>: "${number}" ${numberRefusal(key).message}`);
    return;
  }
  const answer = await ask(number, options);
  if (answer === undefined) return;
  process.stdout.write(options.json === true ? `${JSON.stringify(answer, null, 2)}\n` : describe(answer));
  if (answer.outcome === 'broken') process.exitCode = EXIT_BROKEN;
}

/** The gateway's answer, or undefined after saying what went wrong. */
async function ask(number: string, { at, url }: TraceOptions): Promise<Trace | undefined> {
  const query = new URLSearchParams({ number, ...(at !== undefined && { at }) });
  const { TOLLGATE_ADMIN_USER: user, TOLLGATE_ADMIN_PASSWORD: password } = process.env;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  try {
    const response = await fetch(new URL(`/v1/trace?${query.toString()}`, url), {
      headers: user === undefined ? {} : { authorization },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = (await response.json()) as Trace & { detail?: string };
    if (response.ok) return body;
    fail(body.detail ?? `${url} answered ${response.status}`);
  } catch {
    fail(`--url: no gateway answers at ${url}; start one with tollgate serve, or give its address`);
  }
  return undefined;
}

function describe({ number, at, outcome, chain, tookMs }: Trace): string {
  const width = Math.max(...Object.values(TITLES).map((title) => title.length));
  const lines = chain.map((link) => {
    const found = Object.entries(link.found ?? {}).map(([name, value]) => `${name} ${value}`);
    const said = [...found, ...(link.reasons ?? []), ...(link.detail === undefined ? [] : [`(${link.detail})`])];
    return `  ${TITLES[link.link].padEnd(width)}  ${link.state.replaceAll('_', ' ').padEnd(11)}  ${said.join(', ')}`.trimEnd();
  });
  return `${number} at ${at}: ${outcome} in ${tookMs.toFixed(1)} ms\n${lines.join('\n')}\n`;
}

function fail(line: string): void {
  process.stderr.write(`tollgate: ${line}\n`);
  process.exitCode = EXIT_USAGE;
}
