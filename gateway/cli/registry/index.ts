/** `tollgate registry`: whole registries, from and to files and Redis. */
import { Command } from 'commander';
import { exportCommand } from './export.ts';
import { generateCommand } from './generate.ts';
import { importCommand } from './import.ts';
import { lookupCommand } from './lookup.ts';
import { statsCommand } from './stats.ts';
import { verifyCommand } from './verify.ts';

export function registryCommand(): Command {
  const command = new Command('registry').description('make, move, ask and check whole registries of numbers');
  const parts = [generateCommand(), importCommand(), exportCommand(), lookupCommand(), statsCommand(), verifyCommand()];
  for (const part of parts) {
    part.exitOverride().allowExcessArguments(false);
    part.showHelpAfterError(`(tollgate registry ${part.name()} --help lists the options)`);
    command.addCommand(part);
  }
  return command;
}
