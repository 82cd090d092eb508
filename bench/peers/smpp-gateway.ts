/** The gateway as `tollgate serve` opens it, with SMPP, and with numbers of a load on campaigns of their own. */
import { loadWorld, openGateway, readOptions } from '../../gateway/index.ts';
import { systemClock, systemTimers } from '../../gateway/control/index.ts';
import { SenderNumbers } from '../../gateway/load/index.ts';
import { createLog } from '../../gateway/telemetry/index.ts';
import { addPopulation } from '../population.ts';
import type { Work } from '../processes.ts';
import { type Usage, usageReader } from './usage.ts';

export interface SmppGatewaySettings {
  readonly seed: number;
  /** Registered numbers that the load sends from, and the campaigns that they are on in turns. */
  readonly numbers: number;
  readonly campaigns: number;
  /** Options as of the command line, by their names in code. */
  readonly flags: Readonly<Record<string, string>>;
}

export interface SmppGatewayReady {
  /** Of HTTP. */
  readonly url: string;
  readonly port: number;
  readonly tlsPort: number;
}

export const work: Work<SmppGatewaySettings, SmppGatewayReady, null, Usage> = {
  async open({ seed, numbers, campaigns, flags }) {
    const read = readOptions({
      environment: {},
      flags: { port: '0', smppPort: '0', logLevel: 'error', seed: String(seed), ...flags },
    });
    if (!read.ok) throw new Error(read.errors.join('\n'));
    // Campaigns are here before the registries open, which then must not give their handles to others.
    const world = { ...loadWorld(read.options), declared: { brands: [], campaigns: [] } };
    const first = world.campaigns.count;
    addPopulation(world, { seed, campaigns, numbers: 0 });
    const senders = new SenderNumbers(seed, world.carrierMap.blocksOf('cpaas'));
    for (let place = 0; place < numbers; place += 1) {
      world.registry.register(senders.registered(place), first + (place % campaigns), 0, 0);
    }
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
    const [port = 0, tlsPort = 0] = gateway.smppPorts;
    return { ready: { url: gateway.url, port, tlsPort }, answer: usage };
  },
};
