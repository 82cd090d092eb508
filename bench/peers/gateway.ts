/** The gateway as `tollgate serve` opens it, with a generated population, on a free port of loopback. */
import { loadWorld, openGateway, readOptions } from '../../gateway/index.ts';
import { systemClock, systemTimers } from '../../gateway/control/index.ts';
import { createLog } from '../../gateway/telemetry/index.ts';
import { addPopulation, type PopulationOptions } from '../population.ts';
import type { Work } from '../processes.ts';
import { type Usage, usageReader } from './usage.ts';

export interface GatewaySettings {
  readonly population: PopulationOptions;
  /** Messages held, as `--inbox`. */
  readonly inbox: number;
  /** More options, by key. */
  readonly flags?: Readonly<Record<string, string>>;
}

export const work: Work<GatewaySettings, { readonly url: string }, null, Usage> = {
  async open({ population, inbox, flags }) {
    const read = readOptions({
      environment: {},
      flags: { port: '0', seed: String(population.seed), inbox: String(inbox), logLevel: 'error', ...flags },
    });
    if (!read.ok) throw new Error(read.errors.join('\n'));
    // Campaigns are here before the registries open, which then must not give their handles to others.
    const world = { ...loadWorld(read.options), declared: { brands: [], campaigns: [] } };
    addPopulation(world, population);
    const gateway = await openGateway({
      options: read.options,
      world,
      clock: systemClock,
      timers: systemTimers,
      log: createLog(read.options.logLevel),
    });
    const usage = usageReader(() => {
      const { decided, accepted } = gateway.summary();
      return { handled: decided, accepted };
    });
    return { ready: { url: gateway.url }, answer: usage };
  },
};
