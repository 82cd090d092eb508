/** `tollgate state`: keeps the whole state of a running gateway in a file, puts it back, or has the gateway begin anew. */
import { Command } from 'commander';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { askGateway, CREDENTIALS_HELP, fail, fetchFrom, URL_DEFAULT } from './ask-gateway.ts';

interface StateOptions {
  readonly url: string;
}

interface Restored {
  readonly restored: string;
}

const OCTETS = 'application/octet-stream';
/** It names people's numbers and holds texts, so nobody else gets to read it. */
const FILE_MODE = 0o600;

export function stateCommand(): Command {
  const state = new Command('state').description('keep the whole state of a running gateway, and put it back');
  const add = (name: string, what: string): Command =>
    state.command(name).description(what).option('--url <url>', 'address of the gateway', URL_DEFAULT);

  add('save', 'write the state to a file').argument('<file>', 'where to').action(save);
  add('load', 'put the state of a file in place of the present one')
    .argument('<file>', 'one that save wrote')
    .action(load);
  add('reset', 'go back to the state in which the gateway began').action(async ({ url }: StateOptions) => {
    tell(await askGateway<Restored>(url, 'POST', '/v1/reset'));
  });
  return state.addHelpText(
    'after',
    '\nFiles of CDRs are no part of the state. A gateway takes up the state of another of the same version, seed, ring size,\n' +
      'books and queueing; with Redis the state is shared, and neither saved nor put back.\n' +
      `\n${CREDENTIALS_HELP}\n\nExample: tollgate state save before.state && tollgate state load before.state`,
  );
}

async function save(path: string, { url }: StateOptions): Promise<void> {
  const file = await fetchFrom(url, 'GET', '/v1/snapshot');
  if (file === undefined) return;
  try {
    await writeFile(`${path}.part`, file, { mode: FILE_MODE });
    await rename(`${path}.part`, path);
  } catch (error) {
    fail(`<file>: ${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

async function load(path: string, { url }: StateOptions): Promise<void> {
  let file: Buffer<ArrayBuffer>;
  try {
    file = Buffer.from(await readFile(path));
  } catch (error) {
    fail(`<file>: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
    return;
  }
  const answer = await fetchFrom(url, 'PUT', '/v1/snapshot', { type: OCTETS, body: file });
  tell(answer && (JSON.parse(answer.toString()) as Restored));
}

function tell(answer: Restored | null | undefined): void {
  if (answer) process.stdout.write(`as it was at ${answer.restored}\n`);
}
