/**
 * All commands, as they are found by their words, with an example for each that has none beside it. What is wrong with a call is thrown
 * as a CommanderError once it is told.
 */
import { Command } from 'commander';
import { packageVersion } from '../package-files.ts';
import { auditCommand } from './audit.ts';
import { cdrCommand } from './cdr/index.ts';
import { clockCommand } from './clock.ts';
import { compareCommand } from './compare.ts';
import { faultsCommand } from './faults.ts';
import { loadCommand } from './load.ts';
import { openapiCommand } from './openapi.ts';
import { proxyCommand } from './proxy.ts';
import { rateCommand } from './rate/index.ts';
import { registryCommand } from './registry/index.ts';
import { serveCommand } from './serve.ts';
import { simulateCommand } from './simulate.ts';
import { stateCommand } from './state.ts';
import { sweepCommand } from './sweep.ts';
import { topCommand } from './top.ts';
import { traceCommand } from './trace.ts';
import { webhooksCommand } from './webhooks.ts';
import { workerCommand } from './worker.ts';

/** By the words of a command. Those with more to say of themselves have theirs where they are made. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  '': ['tollgate serve --demo', 'tollgate trace +12125550123', 'tollgate load http --rate 100 --duration 10s'],
  serve: [
    'tollgate serve --demo',
    'tollgate serve --port 8080 --smpp-port 2775 --tariff-date 2025-06-01',
    'tollgate serve --magic-numbers --clock frozen@2024-03-01T10:00:00-08:00',
    'REDIS_URL=redis://127.0.0.1:6379 tollgate serve --delivery workers --cdr cdrs',
  ],
  worker: ['REDIS_URL=redis://127.0.0.1:6379 tollgate worker --port 8081'],
  registry: ['tollgate registry generate --numbers 1000000 --out numbers.snapshot --campaigns-out campaigns.yaml'],
  cdr: ['tollgate cdr export --in cdrs --format parquet --out cdrs.parquet'],
  load: ['tollgate load http --rate 500 --duration 30s --register --receipts'],
  proxy: [
    'tollgate proxy --url http://127.0.0.1:8080 --port 8443',
    'HTTPS_PROXY=http://127.0.0.1:8443 NODE_EXTRA_CA_CERTS=.tollgate/certificate.pem node sender.js',
  ],
  openapi: ['tollgate openapi > openapi.json', 'tollgate openapi --out openapi.json'],
  'webhooks list': ['tollgate webhooks list --limit 20'],
  'webhooks replay': ['tollgate webhooks replay --host hooks.example.com'],
  'faults list': ['tollgate faults list --json'],
  'faults set': ['tollgate faults set outage.yaml'],
  'faults clear': ['tollgate faults clear att-down'],
  'clock show': ['tollgate clock show'],
  'clock freeze': ['tollgate clock freeze'],
  'clock advance': ['tollgate clock advance 60s --settle'],
  'clock at': ['tollgate clock at 2024-03-01T18:00:00-08:00'],
  'clock real': ['tollgate clock real'],
  audit: ['tollgate audit verify audit.ndjson'],
  'audit verify': ['tollgate audit verify audit.ndjson'],
  'state save': ['tollgate state save before.state'],
  'state load': ['tollgate state load before.state'],
  'state reset': ['tollgate state reset'],
};

export function createProgram(): Command {
  const program = new Command('tollgate')
    .description('Simulates the US A2P 10DLC SMS path: who is registered, what it costs, what lands, who is paid.')
    .version(packageVersion())
    .showHelpAfterError('(tollgate --help lists the commands)')
    // An option belongs to the command before it: `rate` and `rate diff` both have --book.
    .enablePositionalOptions()
    .addCommand(serveCommand())
    .addCommand(workerCommand())
    .addCommand(topCommand())
    .addCommand(traceCommand())
    .addCommand(rateCommand())
    .addCommand(registryCommand())
    .addCommand(cdrCommand())
    .addCommand(webhooksCommand())
    .addCommand(faultsCommand())
    .addCommand(clockCommand())
    .addCommand(stateCommand())
    .addCommand(auditCommand())
    .addCommand(simulateCommand())
    .addCommand(compareCommand())
    .addCommand(sweepCommand())
    .addCommand(loadCommand())
    .addCommand(proxyCommand())
    .addCommand(openapiCommand())
    .exitOverride();
  for (const command of program.commands) {
    command.exitOverride().showHelpAfterError(`(tollgate ${command.name()} --help lists the options)`);
  }
  for (const [words, command] of commandsOf(program)) {
    const examples = EXAMPLES[words];
    if (examples !== undefined)
      command.addHelpText('after', `\nExamples:\n${examples.map((one) => `  ${one}`).join('\n')}`);
  }
  return program;
}

/** A command and all below it, each with the words behind `tollgate` that call it. */
export function commandsOf(command: Command, words = ''): [words: string, command: Command][] {
  const below = command.commands.flatMap((one) => commandsOf(one, `${words} ${one.name()}`.trim()));
  return [[words, command], ...below];
}
