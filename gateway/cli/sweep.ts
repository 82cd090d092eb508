/** `tollgate sweep`: which of the lab's figures matter, and which of its conclusions survive when they are wrong. */
import { Command } from 'commander';
import { runCountOf, sweep, type SweepPlan } from '../../simulator/index.ts';
import { carryLab, LAB_HELP, labOptions, type LabOptions, planOf } from './policy-lab.ts';
import { carryOut, usage } from './carry-out.ts';
import { whole } from './registry/options.ts';

const SAMPLES_MAX = 10_000;
const BAR_REPLICATIONS_MAX = 100;

const HELP = `
Compares policies as tollgate compare does, then varies what is uncertain: all parameters at once, drawn evenly over their ranges, and
each alone at the ends of its range. Says in how many of the draws each conclusion holds.

It takes policies x (replications + samples + 2 x uncertain parameters x replications of a bar) runs and tells how many before the
first: for the seed's world some 1,800, which take ten minutes on two cores. --days, --scale and fewer --samples make it shorter.
`;

const EXAMPLES = `

Examples:
  tollgate sweep seed-world
  tollgate sweep seed-world --policies toll,block-unregistered+closed-loop --samples 200 --out sweep
  tollgate sweep small-town --days 14 --bar-replications 0`;

interface SweepOptions extends LabOptions {
  readonly policies?: string;
  readonly samples: number;
  readonly barReplications: number;
}

export function sweepCommand(): Command {
  const command = new Command('sweep')
    .description('vary what is uncertain, and report which conclusions survive')
    .argument('[scenario]', 'name of a built-in scenario, or a file', 'seed-world')
    .option(
      '--policies <policies>',
      "the baseline, then others, as toll,kyc,kyc+fines; the scenario's own when left out",
    )
    .option('--samples <count>', 'draws of all uncertain parameters at once', whole(1, SAMPLES_MAX), 50)
    .option(
      '--bar-replications <count>',
      'runs of each parameter alone at each end of its range; 0 for none',
      whole(0, BAR_REPLICATIONS_MAX),
      1,
    );
  return labOptions(command, { replications: 5, out: 'tollgate-report' })
    .allowExcessArguments(false)
    .addHelpText('after', `${HELP}${LAB_HELP}${EXAMPLES}`)
    .action((scenario: string, options: SweepOptions) => carryOut((stop) => carrySweep(scenario, options, stop)));
}

async function carrySweep(scenario: string, options: SweepOptions, stop: AbortSignal): Promise<void> {
  const { policies, samples, barReplications } = options;
  if (barReplications > options.replications) {
    throw usage(
      `--bar-replications: ends are compared with as many of the runs as assumed; give at most --replications, which are ${options.replications}`,
    );
  }
  const more = ['--samples', samples, '--bar-replications', barReplications];
  const plan: SweepPlan = {
    ...planOf({ command: 'sweep', scenario, policies, options, more }),
    samples,
    barReplications,
  };
  const runs = runCountOf(plan);
  process.stderr.write(`tollgate: ${runs.toLocaleString('en-US')} runs of ${plan.days} simulated days\n`);
  await carryLab(plan, runs, options, stop, sweep);
}
