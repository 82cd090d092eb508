/** All dashboards, by the file that Grafana reads. */
import { CARRIERS_AND_TARIFFS } from './carriers-and-tariffs.ts';
import { DELIVERY } from './delivery.ts';
import { REGISTRY } from './registry.ts';
import { SERVICE } from './service.ts';
import { THE_TOLL } from './the-toll.ts';
import { THROUGHPUT_AND_LIMITS } from './throughput-and-limits.ts';

export const DASHBOARDS = {
  'the-toll.json': THE_TOLL,
  'carriers-and-tariffs.json': CARRIERS_AND_TARIFFS,
  'throughput-and-limits.json': THROUGHPUT_AND_LIMITS,
  'registry.json': REGISTRY,
  'delivery.json': DELIVERY,
  'service.json': SERVICE,
};

/** A dashboard as it lies in its file. */
export function textOf(dashboard: object): string {
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
