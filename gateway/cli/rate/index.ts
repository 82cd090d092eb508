/** `tollgate rate`: what a message costs and why, by any book and date, without a gateway. */
import { Command, Option } from 'commander';
import { DIRECTIONS, SENDERS } from '../../../tariffs/index.ts';
import { carryOut } from '../carry-out.ts';
import { rateDiffCommand } from './diff.ts';
import { type Asked, rateAll } from './rate.ts';
import { describeQuotes } from './table.ts';

const EXAMPLES = `
Without a registry to look in, a message counts as registered unless --unregistered is given.
Exit code 0, or 2 for a mistake in the call or in a book.

Examples:
  tollgate rate --carrier tmobile --unregistered --date 2023-07-01
  tollgate rate --to +12019161000 --from +18005550100 --text "Your table is ready."
  tollgate rate --carrier att --unregistered --book us-10dlc --book what-if-flat --date 2022-06-01 --date 2024-03-01`;

export function rateCommand(): Command {
  const command = new Command('rate')
    .description('explain the price of a message, line by line: row, era, source')
    .option('--to <number>', 'destination, as +12125550123; or name the carrier')
    .option('--carrier <key>', 'any carrier of the book, such as att or claropr')
    .option('--from <number>', 'sender, as +12125550123; tells 10dlc from toll-free')
    .addOption(new Option('--sender <kind>', 'what it is sent from (10dlc when left out)').choices(SENDERS))
    .addOption(new Option('--registered', 'from a registered sender, as it is when left out').conflicts('unregistered'))
    .option('--unregistered', 'from a sender that is not registered for the carrier')
    .addOption(new Option('--direction <direction>', 'out to the phone, or in').choices(DIRECTIONS).default('out'))
    .option('--mms', 'an MMS rather than an SMS')
    .option('--p2p', 'by the route that pays no carrier')
    .option('--text <text>', 'text to count the segments of')
    .option('--segments <number>', 'segments, 1 to 255 (1 when left out)')
    .option('--date <day>', 'day to price at, as 2024-03-01, as often as there are days (2024-03-01)', oneMore)
    .option('--book <book>', 'file, or built-in book by name, as often as there are books (us-10dlc)', oneMore)
    .option('--json', 'answer with one JSON object per line', false)
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .enablePositionalOptions()
    .action((asked: Asked & { readonly json: boolean }) =>
      carryOut(() => {
        const quotes = rateAll(asked);
        const text = asked.json ? quotes.map((quote) => `${JSON.stringify(quote)}\n`).join('') : describeQuotes(quotes);
        process.stdout.write(text);
        return Promise.resolve();
      }),
    );
  const diff = rateDiffCommand().exitOverride();
  return command.addCommand(diff.showHelpAfterError('(tollgate rate diff --help lists the options)'));
}

function oneMore(written: string, before: readonly string[] = []): string[] {
  return [...before, written];
}
