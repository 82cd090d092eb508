/** `tollgate audit`: checks the audit log that a gateway writes with --audit-file. */
import { Command, InvalidArgumentError } from 'commander';
import { readChain } from '../audit/index.ts';
import { fail } from './ask-gateway.ts';

const EXIT_BROKEN = 1;

export function auditCommand(): Command {
  const audit = new Command('audit').description('check what a gateway wrote with --audit-file');
  audit
    .command('verify')
    .description('follow the chain of an audit log from its first line to its last')
    .argument('<file>', 'the audit log')
    .option('--contains <hash>', 'hash of a line noted earlier, which shows that no end was cut off since', readHash)
    .exitOverride()
    .allowExcessArguments(false)
    .showHelpAfterError('(tollgate audit verify --help lists the options)')
    .addHelpText(
      'after',
      '\nPrints the hash of the last line; note it elsewhere. Exit code 0 if the chain is whole, 1 if not, 2 for a mistake in the call.',
    )
    .action(verify);
  return audit;
}

async function verify(path: string, { contains }: { readonly contains?: string }): Promise<void> {
  let isFound = contains === undefined;
  try {
    const chain = await readChain(path, (hash) => (isFound ||= hash === contains));
    if (!chain.isWhole) broken(`${path}:${chain.line} ${chain.wrong}`);
    else if (chain.torn !== '') broken(`${path}:${chain.end.count + 1} has no end: its writer was stopped in it`);
    else if (!isFound) broken(`${path}: the chain is whole, but no line of it has the hash ${contains}`);
    else process.stdout.write(`${path}: ${chain.end.count} lines, chain whole, last hash ${chain.end.head}\n`);
  } catch (error) {
    fail(`<file>: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

function broken(line: string): void {
  process.stdout.write(`${line}\n`);
  process.exitCode = EXIT_BROKEN;
}

function readHash(written: string): string {
  if (/^[0-9a-f]{64}$/.test(written)) return written;
  throw new InvalidArgumentError('Give the 64 hex digits that verify printed.');
}
