/** The door of the dashboards, for what runs and draws them. */
export { DASHBOARDS } from './dashboards/index.ts';
export { withoutGrafana } from './promql.ts';
