/** `tollgate serve`: the gateway on this machine, with or without demo traffic, until it is told to stop. */
import { Command } from 'commander';
import { ControlledClock, systemClock, systemTimers } from '../control/index.ts';
import { loadWorld } from '../load-world.ts';
import { type Gateway, openGateway } from '../main.ts';
import { OPTIONS, type ServeOptions } from '../options.ts';
import { createLog } from '../telemetry/index.ts';
import { startDemo } from './demo.ts';
import { type LiveSummaryHeader, startLiveSummary } from './live-summary.ts';
import { addOptions, failToStart, settle, untilSignal } from './running-service.ts';

export function serveCommand(): Command {
  const command = new Command('serve').description('run the gateway');
  return addOptions(command, OPTIONS).action(async (given: Record<string, string | boolean>) => {
    const options = settle(given);
    if (options !== undefined) await serve(options);
  });
}

async function serve(options: ServeOptions): Promise<void> {
  const log = createLog(options.logLevel);
  const time = new ControlledClock();
  if (options.clock !== 'real') time.freeze(options.clock === 'frozen' ? undefined : options.clock);
  let gateway: Gateway;
  try {
    const world = loadWorld(options);
    gateway = await openGateway({ options, world, clock: time, timers: time, log });
  } catch (error) {
    failToStart(error, options);
    return;
  }

  const stopDemo = options.demo ? await startDemo(gateway, options, log, time) : undefined;
  const stopSummary = startLiveSummary({
    summary: () => gateway.summary(),
    stream: process.stdout,
    timers: systemTimers,
    clock: systemClock,
    header: describe(gateway, options),
  });
  // Who reads the figures may leave, as in `tollgate serve | head`; the gateway goes on without telling anybody.
  process.stdout.on('error', stopSummary);
  // Told before the trace is printed: the table would cover it, and the cursor stay hidden.
  process.once('uncaughtExceptionMonitor', stopSummary);

  untilSignal(async () => {
    stopSummary();
    stopDemo?.();
    await gateway.close();
  });
}

function describe(gateway: Gateway, options: ServeOptions): LiveSummaryHeader {
  return {
    url: gateway.url,
    smppUrls: gateway.smppUrls,
    tariffDate: new Date(gateway.intake.pricedAtMs()).toISOString().slice(0, 10),
    seed: options.seed,
  };
}
