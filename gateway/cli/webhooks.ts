/** `tollgate webhooks`: what a running gateway could not deliver, and having it sent again. */
import { Command } from 'commander';
import { askGateway, CREDENTIALS_HELP, fail, URL_DEFAULT } from './ask-gateway.ts';

interface ListOptions {
  readonly url: string;
  readonly limit: string;
  readonly json?: true;
}

interface ReplayOptions {
  readonly url: string;
  readonly host?: string;
  readonly all?: true;
}

interface DeadLetters {
  readonly deadLetters: readonly {
    readonly id: string;
    readonly url: string;
    readonly why: string;
    readonly lastStatus: number | null;
    readonly attempts: number;
    readonly at: string;
  }[];
}

export function webhooksCommand(): Command {
  const webhooks = new Command('webhooks').description(
    'webhooks that a running gateway gave up: list them, send them again',
  );
  const add = (name: string, what: string): Command =>
    webhooks
      .command(name)
      .description(what)
      .option('--url <url>', 'address of the gateway', URL_DEFAULT)
      .exitOverride()
      .showHelpAfterError(`(tollgate webhooks ${name} --help lists the options)`);

  add('list', 'the webhooks that were given up, the latest first')
    .option('--limit <count>', 'at most so many', '100')
    .option('--json', 'print the answer as JSON')
    .allowExcessArguments(false)
    .action(async ({ url, limit, json }: ListOptions) => {
      const path = `/v1/webhooks/dead-letters?limit=${encodeURIComponent(limit)}`;
      const answer = await askGateway<DeadLetters>(url, 'GET', path);
      if (answer) process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : describe(answer));
    });
  add('replay', 'send webhooks again that were given up: those named, those to one host, or all')
    .argument('[ids...]', 'their ids, as `list` shows them')
    .option('--host <host>', 'as it stands in the address, with its port if it has one')
    .option('--all', 'all of them')
    .action(async (ids: string[], { url, host, all }: ReplayOptions) => {
      const choices = [...(ids.length > 0 ? [{ ids }] : []), ...(host ? [{ host }] : []), ...(all ? [{ all }] : [])];
      const [choice] = choices;
      if (choice === undefined || choices.length > 1) {
        fail('give ids, --host or --all: which webhooks are sent again');
        return;
      }
      const path = '/v1/webhooks/dead-letters/replay';
      const answer = await askGateway<{ replayed: number }>(url, 'POST', path, choice);
      if (answer) process.stdout.write(`${answer.replayed} are sent again\n`);
    });
  return webhooks.addHelpText(
    'after',
    `\n${CREDENTIALS_HELP}\n\nExample: tollgate webhooks replay --host hooks.example.com`,
  );
}

function describe({ deadLetters }: DeadLetters): string {
  if (deadLetters.length === 0) return 'nothing was given up\n';
  const lines = deadLetters.map(({ id, url, why, lastStatus, attempts, at }) => {
    const status = lastStatus === null ? why : `${why} ${lastStatus}`;
    return `${at}  ${id}  ${status} after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}  ${url}\n`;
  });
  return lines.join('');
}
