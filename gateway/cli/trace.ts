/** `tollgate trace`: asks a running gateway who is behind a number, and shows the chain as far as it goes. */
import { Command } from 'commander';
import { numberRefusal, parseSenderKey } from '../../registry-cache/index.ts';
import type { Trace, TraceLink } from '../registries/index.ts';
import { askGateway, CREDENTIALS_HELP, fail, URL_DEFAULT } from './ask-gateway.ts';

const EXIT_BROKEN = 1;

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
    .option('--url <url>', 'address of the gateway', URL_DEFAULT)
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      '\nExit code 0 if the trace succeeded, 1 if the chain is broken, 2 for a mistake in the call.' +
        `\n${CREDENTIALS_HELP}\n\nExample: tollgate trace +12125550123 --at 2024-03-01T18:00:00Z`,
    )
    .action(trace);
}

async function trace(number: string, { at, url, json }: TraceOptions): Promise<void> {
  const key = parseSenderKey(number);
  if (key < 0) {
    fail(`<number>: "${number}" ${numberRefusal(key).message}`);
    return;
  }
  const query = new URLSearchParams({ number, ...(at !== undefined && { at }) });
  const answer = await askGateway<Trace>(url, 'GET', `/v1/trace?${query.toString()}`);
  if (!answer) return;
  process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : describe(answer));
  if (answer.outcome === 'broken') process.exitCode = EXIT_BROKEN;
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
