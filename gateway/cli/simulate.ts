/** `tollgate simulate`: one policy in one world. */
import { Command } from 'commander';
import { compare } from '../../simulator/index.ts';
import { carryLab, LAB_HELP, labOptions, type LabOptions, planOf } from './policy-lab.ts';
import { carryOut } from './carry-out.ts';

const EXAMPLES = `

Examples:
  tollgate simulate seed-world
  tollgate simulate national --policy block-unregistered@15 --days 30 --out report
  tollgate simulate my-town.yaml --scale 0.1 --seed 7 --replications 5`;

export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description('run a scenario of the policy lab under one policy')
    .argument('<scenario>', 'name of a built-in scenario, or a file')
    .option('--policy <policy>', "the rule in force, or some joined with +; the scenario's first when left out");
  return labOptions(command, { replications: 1 })
    .allowExcessArguments(false)
    .addHelpText('after', `${LAB_HELP}${EXAMPLES}`)
    .action((scenario: string, options: SimulateOptions) => carryOut((stop) => simulate(scenario, options, stop)));
}

interface SimulateOptions extends LabOptions {
  readonly policy?: string;
}

async function simulate(scenario: string, options: SimulateOptions, stop: AbortSignal): Promise<void> {
  const plan = planOf({ command: 'simulate', scenario, policies: options.policy, options });
  await carryLab(plan, plan.replications, options, stop, compare);
}
