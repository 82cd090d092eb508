/** Writes the dashboards for Grafana: `npm run dashboards`. */
import { writeFileSync } from 'node:fs';
import { DASHBOARDS, textOf } from './dashboards/index.ts';

for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
  writeFileSync(new URL(`dashboards/${name}`, import.meta.url), textOf(dashboard));
}
