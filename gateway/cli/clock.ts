/** `tollgate clock`: asks a running gateway what time it is there, stops it, moves it on, or lets it pass again. */
import { Command } from 'commander';
import { askGateway, CREDENTIALS_HELP, URL_DEFAULT } from './ask-gateway.ts';
import { readDuration } from './duration.ts';

interface ClockOptions {
  readonly url: string;
  readonly settle?: true;
}

interface ClockAnswer {
  readonly now: string;
  readonly state: string;
  readonly aheadMs: number;
  readonly fixed?: string;
  readonly settled?: boolean;
}

const MS_PER_SECOND = 1_000;

export function clockCommand(): Command {
  const clock = new Command('clock').description('stop the time of a running gateway and move it on');
  const add = (name: string, what: string): Command =>
    clock
      .command(name)
      .description(what)
      .option('--url <url>', 'address of the gateway', URL_DEFAULT)
      .exitOverride()
      .allowExcessArguments(false)
      .showHelpAfterError(`(tollgate clock ${name} --help lists the options)`);
  const settling = (command: Command): Command =>
    command.option('--settle', 'wait until webhooks under way are answered');

  add('show', 'what time it is there').action((options: ClockOptions) => show(options, 'GET'));
  add('freeze', 'stop time where it is').action((options: ClockOptions) => show(options, 'POST', { freeze: true }));
  settling(add('advance', 'move time that stands on'))
    .argument('<duration>', 'how far, as 250ms, 60s, 5m, 12h or 1d', readDuration)
    .action((advanceMs: number, options: ClockOptions) => show(options, 'POST', { advanceMs }));
  settling(add('at', 'stop time and move it to a moment'))
    .argument('<moment>', 'as 2024-03-01T18:00:00-08:00')
    .action((at: string, options: ClockOptions) => show(options, 'POST', { at }));
  add('real', 'let time pass by itself, from where it stands').action((options: ClockOptions) =>
    show(options, 'POST', { real: true }),
  );
  return clock.addHelpText(
    'after',
    `\n${CREDENTIALS_HELP}\n\nExample: tollgate clock freeze && tollgate clock advance 60s`,
  );
}

async function show({ url, settle }: ClockOptions, method: string, body?: object): Promise<void> {
  const whole = body && { ...body, ...(settle && { settle }) };
  const answer = await askGateway<ClockAnswer>(url, method, '/v1/clock', whole);
  if (answer) process.stdout.write(describe(answer));
}

function describe({ now, state, aheadMs, fixed, settled }: ClockAnswer): string {
  const seconds = Math.abs(aheadMs) / MS_PER_SECOND;
  const said = [
    `${now} ${state}`,
    ...(aheadMs === 0 ? [] : [`${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the machine`]),
    ...(fixed === undefined ? [] : [fixed]),
    ...(settled === false ? ['webhooks are still under way'] : []),
  ];
  return `${said.join(', ')}\n`;
}
