import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { commandsOf, createProgram } from './program.ts';

const commands = commandsOf(createProgram());

/** What `--help` prints of a command. */
function helpOf(command: (typeof commands)[number][1]): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  return help;
}

describe('the help of', () => {
  it.each(commands.map(([words, command]) => [`tollgate ${words}`.trim(), command] as const))(
    '%s says what it does, explains each option and argument, and has an example',
    (words, command) => {
      expect(command.description()).not.toBe('');
      for (const { flags, description } of command.options) expect([flags, description]).not.toEqual([flags, '']);
      for (const one of command.registeredArguments)
        expect([one.name(), one.description]).not.toEqual([one.name(), '']);
      const [, examples = ''] = /\nExamples?:([^]*)/.exec(helpOf(command)) ?? [];
      expect(examples).toContain(words);
    },
  );

  it('tollgate names every command', () => {
    const help = helpOf(createProgram());
    const named = createProgram().commands.map((command) => command.name());
    expect(named).toHaveLength(18);
    for (const name of named) expect(help).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  });
});

it('a reader that leaves ends a command without a trace', async () => {
  const words = ['audit', 'verify', '/dev/null'];
  const command = spawn(process.execPath, ['--import', 'tsx', 'gateway/cli/main.ts', ...words]);
  command.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(command.stderr), once(command, 'exit')]);
  expect([code, stderr]).toEqual([0, '']);
});
