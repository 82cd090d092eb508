/** `tollgate compare`: policies side by side, on the same draws. */
import { Command } from 'commander';
import { compare } from '../../simulator/index.ts';
import { carryLab, LAB_HELP, labOptions, type LabOptions, planOf } from './policy-lab.ts';
import { carryOut } from './carry-out.ts';

const EXAMPLES = `

Examples:
  tollgate compare seed-world
  tollgate compare seed-world --policies toll,block-unregistered,block-unregistered+closed-loop --replications 20
  tollgate compare my-town.yaml --policies toll,kyc,kyc@15 --out my-town --seed 7`;

interface CompareOptions extends LabOptions {
  readonly policies?: string;
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('run a scenario of the policy lab under several policies on the same draws, and report what differs')
    .argument('<scenario>', 'name of a built-in scenario, or a file')
    .option(
      '--policies <policies>',
      "the baseline, then others, as toll,kyc,kyc+fines; the scenario's own when left out",
    );
  return labOptions(command, { replications: 10, out: 'tollgate-report' })
    .allowExcessArguments(false)
    .addHelpText('after', `${LAB_HELP}${EXAMPLES}`)
    .action((scenario: string, options: CompareOptions) => carryOut((stop) => carryCompare(scenario, options, stop)));
}

async function carryCompare(scenario: string, options: CompareOptions, stop: AbortSignal): Promise<void> {
  const plan = planOf({ command: 'compare', scenario, policies: options.policies, options });
  await carryLab(plan, plan.replications * plan.policies.length, options, stop, compare);
}
