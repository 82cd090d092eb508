/** `tollgate faults`: sets what is wrong on purpose in a running gateway, and shows what is. */
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { formatBookError, openYaml } from '../../tariffs/index.ts';
import { askGateway, CREDENTIALS_HELP, fail, URL_DEFAULT } from './ask-gateway.ts';

interface FaultsOptions {
  readonly url: string;
  readonly json?: true;
}

interface Faults {
  readonly faults: readonly {
    readonly fault: { readonly id: string; readonly scope?: Readonly<Record<string, string>> };
    readonly inForce: boolean;
    readonly changesAt: string | null;
    readonly applied: number;
  }[];
}

export function faultsCommand(): Command {
  const faults = new Command('faults').description(
    'make carriers and connections of a running gateway fail on purpose',
  );
  const add = (name: string, what: string): Command =>
    faults
      .command(name)
      .description(what)
      .option('--url <url>', 'address of the gateway', URL_DEFAULT)
      .exitOverride()
      .allowExcessArguments(false)
      .showHelpAfterError(`(tollgate faults ${name} --help lists the options)`);

  add('list', 'the faults that are set')
    .option('--json', 'print the answer as JSON')
    .action(async ({ url, json }: FaultsOptions) => {
      const answer = await askGateway<Faults>(url, 'GET', '/v1/faults');
      if (answer) process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : describe(answer));
    });
  add('set', 'set the faults of a file, in place of all others')
    .argument('<file>', 'YAML or JSON with a list called faults')
    .action(async (file: string, { url }: FaultsOptions) => {
      const document = readDocument(file);
      if (document === undefined) return;
      const answer = await askGateway<Faults>(url, 'PUT', '/v1/faults', document);
      if (answer) process.stdout.write(describe(answer));
    });
  add('clear', 'take one fault away, or all')
    .argument('[id]', 'its id')
    .action(async (id: string | undefined, { url }: FaultsOptions) => {
      const path = id === undefined ? '/v1/faults' : `/v1/faults/${encodeURIComponent(id)}`;
      await askGateway(url, 'DELETE', path);
    });
  return faults.addHelpText(
    'after',
    `\n${CREDENTIALS_HELP}\n\nExample: tollgate faults set outage.yaml, with\n` +
      '  faults:\n    - id: att-down\n      scope: { carrier: att }\n      outage: true\n      afterMs: 5000\n      forMs: 20000\n',
  );
}

/** What a file says, or undefined after saying what is wrong with it. */
function readDocument(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    fail(`<file>: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
    return undefined;
  }
  const { root, problems } = openYaml(text, path);
  if (root === undefined || problems.found.length > 0) {
    for (const one of problems.found) fail(formatBookError(one));
    return undefined;
  }
  return parse(text);
}

function describe({ faults }: Faults): string {
  if (faults.length === 0) return 'no faults are set\n';
  const rows = faults.map(({ fault, inForce, changesAt, applied }) => {
    const { id, scope = {}, ...rest } = fault;
    const scoped = Object.entries(scope).map(([name, value]) => `${name} ${value}`);
    const until = changesAt === null ? '' : ` until ${changesAt}`;
    return [
      id,
      `${inForce ? 'in force' : 'off'}${until}`,
      `applied ${applied}`,
      scoped.join(', ') || 'all',
      JSON.stringify(rest),
    ];
  });
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
