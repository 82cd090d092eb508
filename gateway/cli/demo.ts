/** Sets the demo's stage in a running gateway and starts its traffic against the gateway's own HTTP address. */
import type { Logger } from 'pino';
import { type BlockGroup, createDemo, type DemoRegistry, startSending } from '../demo/index.ts';
import type { Gateway } from '../main.ts';
import type { ServeOptions } from '../options.ts';
import { type CampaignsFile, statusBits } from '../read-campaigns.ts';
import type { Clock, Core, Timers } from '../router/index.ts';
import { attClassOf, tmobileTierOf } from '../../tariffs/index.ts';

/** Starts demo traffic; the function returned stops it. */
export async function startDemo(
  gateway: Gateway,
  options: ServeOptions,
  log: Logger,
  time: Clock & Timers,
): Promise<() => void> {
  const { core } = gateway;
  const demo = createDemo({
    seed: options.seed,
    ratePerSecond: options.rate,
    startMs: time.nowMs(),
    blocks: { blocksOf: (group) => blocksOf(core, group) },
  });
  await gateway.registries.declare(declaredBy(demo.registry));
  const { adminUser, adminPassword } = options;
  const credentials = Buffer.from(`${adminUser}:${adminPassword}`).toString('base64');
  const stop = await startSending({
    url: gateway.url,
    authorization: adminUser === undefined ? undefined : `Basic ${credentials}`,
    registry: demo.registry,
    traffic: demo.traffic,
    clock: time,
    timers: time,
    onTrouble: (what) => log.warn(`demo: ${what}`),
  });
  // Its numbers are registered by here, and none has sent: a reset takes the stage away no more than the play.
  await gateway.keepStart();
  return stop;
}

/** The demo's brands and campaigns, as a campaigns file would declare them. */
export function declaredBy(registry: DemoRegistry): CampaignsFile {
  return {
    brands: registry.brands.map(({ id, name, tmobileTier }) => ({ id, name, tmobileTier: tmobileTierOf(tmobileTier) })),
    campaigns: registry.campaigns.map(({ id, brand, attClass, useCase, carriers, expiresAtMs }) => ({
      id,
      brand,
      attClass: attClassOf(attClass),
      useCase,
      status: statusBits(carriers),
      expiresAtMs: expiresAtMs ?? Infinity,
    })),
  };
}

/** The thousands blocks demo numbers are drawn from. */
export function blocksOf(core: Core, group: BlockGroup): Uint32Array {
  return core.carrierMap.blocksOf(group);
}
