/** Servers, loads and baselines that run in processes of their own, by name. */
export const PEERS = {
  gateway: () => import('./gateway.ts'),
  'bare-route': () => import('./bare-route.ts'),
  'codec-loop': () => import('./codec-loop.ts'),
  'http-load': () => import('./http-load.ts'),
  'json-parse': () => import('./json-parse.ts'),
  'registry-view': () => import('./registry-view.ts'),
  scraper: () => import('./scraper.ts'),
  'smpp-gateway': () => import('./smpp-gateway.ts'),
  'smpp-package': () => import('./smpp-package.ts'),
  starting: () => import('./starting.ts'),
  'stream-reader': () => import('./stream-reader.ts'),
  'trace-collector': () => import('./trace-collector.ts'),
  'webhook-receivers': () => import('./webhook-receivers.ts'),
} as const;
