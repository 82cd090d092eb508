/** `tollgate worker`: delivers what gateways have accepted into Redis, until it is told to stop. Any number of them share the work. */
import { Command } from 'commander';
import { systemClock, systemTimers } from '../control/index.ts';
import { OPTIONS, type ServeOptions } from '../options.ts';
import { createLog } from '../telemetry/index.ts';
import { openWorker, type WorkerService } from '../worker.ts';
import { addOptions, failToStart, settle, untilSignal } from './running-service.ts';

/** Those of a gateway that a worker has too; the others may stand in a file or in variables that both read. */
const KEYS: ReadonlySet<keyof ServeOptions> = new Set([
  'host',
  'port',
  'seed',
  'redisUrl',
  'workerMessages',
  'callbackHosts',
  'adminUser',
  'adminPassword',
  'auditFile',
  'logLevel',
]);

export function workerCommand(): Command {
  const command = new Command('worker').description('deliver what gateways accepted into Redis');
  const options = OPTIONS.filter(({ key }) => KEYS.has(key));
  return addOptions(command, options).action(async (given: Record<string, string | boolean>) => {
    const settled = settle(given);
    if (settled !== undefined) await work(settled);
  });
}

async function work(options: ServeOptions): Promise<void> {
  const log = createLog(options.logLevel);
  let worker: WorkerService;
  try {
    worker = await openWorker({ options, clock: systemClock, timers: systemTimers, log });
  } catch (error) {
    failToStart(error, options);
    return;
  }
  process.stdout.write(`tollgate worker on ${worker.url}\n`);
  untilSignal(() => worker.close());
}
