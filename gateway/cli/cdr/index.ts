/** `tollgate cdr`: what became of messages, from the files that a gateway wrote. */
import { Command } from 'commander';
import { exportCommand } from './export.ts';

export function cdrCommand(): Command {
  const command = new Command('cdr').description('work with the CDRs that tollgate serve --cdr writes');
  const part = exportCommand().exitOverride().allowExcessArguments(false);
  part.showHelpAfterError(`(tollgate cdr ${part.name()} --help lists the options)`);
  return command.addCommand(part);
}
