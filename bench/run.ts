/**
 * `npm run bench [-- name …] [--tiny] [--record] [--json] [--seed n]`: runs benches and prints what they found.
 *
 * Without names it runs all of them, one after the other, each in a process of its own started from compiled code.
 * `--record` appends a line per figure to `bench/records/<bench>.jsonl`, `--json` prints those lines instead of a table,
 * `--tiny` uses toy sizes. Exits with 1 if a bench failed; a missed target is said and is no failure.
 */
import { parseArgs } from 'node:util';
import { BENCHES } from './benches.ts';
import { runChild } from './child.ts';
import { compileBenches } from './compile.ts';
import { appendRecords, recordsOf } from './record.ts';
import { runBench } from './run-bench.ts';
import { tableOf } from './table.ts';

const DEFAULT_SEED = 1;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tiny: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(DEFAULT_SEED) },
    },
  });
  const known = Object.keys(BENCHES);
  const unknown = positionals.filter((name) => !known.includes(name));
  const seed = Number(values.seed);
  if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
    process.stderr.write(
      unknown.length > 0
        ? `bench: there is no ${unknown.join(', ')}; there are ${known.join(', ')}\n`
        : `bench: --seed ${values.seed} is not a whole number\n`,
    );
    process.exitCode = 2;
    return;
  }
  const settings = { seed, isTiny: values.tiny };
  const compiled = compileBenches();
  process.once('exit', () => compiled.remove());
  process.once('SIGINT', () => process.exit(130));
  for (const name of positionals.length > 0 ? positionals : known) {
    try {
      const records = recordsOf(await runBench(name, settings, compiled.program), settings);
      process.stdout.write(
        values.json ? records.map((record) => `${JSON.stringify(record)}\n`).join('') : `${tableOf(name, records)}\n`,
      );
      if (values.record) appendRecords(name, records);
    } catch (error) {
      process.stderr.write(
        `bench ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exitCode = 1;
    }
  }
}

if (process.argv[2] === 'child') runChild(process.argv[3] ?? '');
else await main();
