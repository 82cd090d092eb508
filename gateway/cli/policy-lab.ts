/** What `tollgate simulate`, `compare` and `sweep` share: their options, what these make together, and how a run of them ends. */
import { type Command, InvalidArgumentError } from 'commander';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import {
  ACTORS_MAX,
  actorsOf,
  BUILT_IN_SCENARIOS,
  type Comparison,
  DAYS_MAX,
  formatComparison,
  JOBS_MAX,
  loadParameters,
  loadScenario,
  NothingYet,
  type Plan,
  POLICIES,
  type PolicyChoice,
  readPolicies,
  ReportError,
  type Workshop,
  writeReport,
} from '../../simulator/index.ts';
import { packageVersion } from '../package-files.ts';
import { failed, systemCode, usage } from './carry-out.ts';
import { whole } from './registry/options.ts';
import { startProgress } from './registry/progress.ts';

const SCALE_MIN = 0.001;
const SCALE_MAX = 1_000;
const REPLICATIONS_MAX = 1_000;
const PROGRESS_STEPS = 200;

export interface LabOptions {
  readonly seed: number;
  readonly days?: number;
  readonly scale: number;
  readonly replications: number;
  readonly jobs: number;
  readonly out?: string;
  readonly quiet: boolean;
}

export const LAB_HELP = `
Scenarios: ${BUILT_IN_SCENARIOS.join(', ')}; or a file of your own (simulator/scenarios/scenario.schema.json tells editors its shape).
Policies: ${POLICIES.map(({ id }) => id).join(', ')}.
Joined with + they are in force together; kyc@10 begins on day 10; price=3 and fines=5000 set their figure.

Same scenario, options and seed, same figures and digest, however many jobs. The first Ctrl-C ends with a report of what there is,
marked as partial; the second ends at once.

Exit code 0 if all was well, 1 if it was interrupted or the report could not be written, 2 for a mistake in the call or in a file.`;

/** Adds the options that all three have. */
export function labOptions(command: Command, { replications, out }: { replications: number; out?: string }): Command {
  return command
    .option('--seed <number>', 'seed of all chance', whole(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--days <count>', "simulated days; the scenario's own when left out", whole(1, DAYS_MAX))
    .option('--scale <factor>', 'how many senders and spammers there are, as a factor', readScale, 1)
    .option(
      '--replications <count>',
      'runs of each policy, each on other draws',
      whole(1, REPLICATIONS_MAX),
      replications,
    )
    .option('--jobs <count>', 'threads at once', whole(1, JOBS_MAX), Math.min(availableParallelism(), JOBS_MAX))
    .option('--out <directory>', 'write the report there: HTML, JSON, CSV and Parquet', out)
    .option('--quiet', 'show no progress', false);
}

function readScale(written: string): number {
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(written) ? Number(written) : Number.NaN;
  if (value >= SCALE_MIN && value <= SCALE_MAX) return value;
  throw new InvalidArgumentError(`Give a number from ${SCALE_MIN} to ${SCALE_MAX}.`);
}

/** What the words of a call are, before the first run. */
export interface LabCall {
  readonly command: 'simulate' | 'compare' | 'sweep';
  readonly scenario: string;
  /** As written; undefined for the scenario's own. */
  readonly policies: string | undefined;
  readonly options: LabOptions;
  /** What else makes the same again. */
  readonly more?: readonly (string | number)[];
}

/** @throws Refused with each mistake on a line */
export function planOf({ command, scenario, policies: written, options, more = [] }: LabCall): Plan {
  const loaded = loadScenario(scenario);
  if (!loaded.ok) throw usage(...loaded.lines);
  const { file } = loaded;
  const { seed, scale, replications, out, days = file.scenario.days } = options;
  const flag = command === 'simulate' ? '--policy' : '--policies';
  const parameters = loadParameters();
  const policies = policiesOf(flag, written, file.policies, parameters);
  checkBegin(policies, days);
  checkSize(actorsOf(file.scenario, scale));
  if (out !== undefined) checkDirectory(out);
  const which = [quotedWord(scenario), flag, quotedWord(policies.map(({ policy }) => policy).join(','))];
  const how = ['--replications', replications, '--seed', seed, '--days', days, '--scale', scale, ...more];
  return {
    file,
    parameters,
    policies,
    seed,
    days,
    scale,
    replications,
    command: ['npx tollgate', command, ...which, ...how].join(' '),
    version: packageVersion(),
  };
}

/** Only the first where there is but one to run. */
function policiesOf(
  flag: '--policy' | '--policies',
  written: string | undefined,
  own: readonly PolicyChoice[],
  parameters: Plan['parameters'],
): readonly PolicyChoice[] {
  const isOne = flag === '--policy';
  if (written === undefined) return isOne ? own.slice(0, 1) : own;
  const read = readPolicies(written, { policies: POLICIES, parameters });
  if (!read.ok) throw usage(...read.lines.map((line) => `${flag}: ${line}`));
  if (isOne && read.choices.length > 1) {
    throw usage(
      '--policy: one is simulated; join what is in force together with +, or set several side by side with tollgate compare',
    );
  }
  return read.choices;
}

function checkBegin(choices: readonly PolicyChoice[], days: number): void {
  for (const { policy, starts } of choices) {
    const late = starts.find(({ day }) => day >= days);
    if (late === undefined) continue;
    throw usage(
      `${policy}: ${late.id} begins on day ${late.day}, when the ${days} days of the run are over; let it begin earlier, or give more --days`,
    );
  }
}

function checkSize(actors: number): void {
  if (actors <= ACTORS_MAX) return;
  const [found, most] = [actors, ACTORS_MAX].map((count) => count.toLocaleString('en-US'));
  throw usage(
    `--scale: ${found} brands and spammers are more than the ${most} that there is room for; give a smaller one`,
  );
}

/** Before the runs rather than after them. */
function checkDirectory(path: string): void {
  const isThere = existsSync(path);
  if (isThere && !statSync(path).isDirectory()) throw usage(`--out: ${path} is a file; name a directory`);
  let nearest = path;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
  } catch (error) {
    throw usage(`--out: ${path} cannot be written to (${systemCode(error)}); name a directory that can be`);
  }
}

function quotedWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Carries out `runs` runs of a plan, shows how far they are, and tells and writes what they found.
 * @throws Refused when it was interrupted, after telling what there was
 */
export async function carryLab<P extends Plan>(
  plan: P,
  runs: number,
  { jobs, out, quiet }: LabOptions,
  stop: AbortSignal,
  carry: (plan: P, workshop: Workshop) => Promise<Comparison>,
): Promise<void> {
  const total = runs * plan.days;
  const progress = startProgress('simulated days', total, quiet);
  // The time that is left is told by the latest ten steps, which should not be those of one quick run.
  const step = Math.max(1, Math.floor(total / PROGRESS_STEPS));
  let days = 0;
  const onDay = (): void => {
    days += 1;
    if (days % step === 0 || days === total) progress.to(days);
  };
  const comparison = await carry(plan, { jobs, stop, onDay })
    .catch((error: unknown) => {
      throw error instanceof NothingYet ? failed(`interrupted; ${error.message}`) : error;
    })
    .finally(() => progress.end());
  process.stdout.write(formatComparison(comparison));
  if (out !== undefined) {
    const paths = await writeReport(out, comparison).catch((error: unknown) => {
      throw error instanceof ReportError ? failed(`--out: ${error.message}`) : error;
    });
    process.stdout.write(`report   ${paths.find((path) => path.endsWith('.html')) ?? out}\n`);
  }
  if (comparison.isPartial) throw failed('interrupted; what was told is of what there was');
}
