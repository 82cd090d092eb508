/** Servers, loads and baselines that run in processes of their own, by name. */
export const PEERS = {
  gateway: () => import('./gateway.ts'),
  'bare-route': () => import('./bare-route.ts'),
  'http-load': () => import('./http-load.ts'),
  'json-parse': () => import('./json-parse.ts'),
  'registry-view': () => import('./registry-view.ts'),
  'stream-reader': () => import('./stream-reader.ts'),
  'webhook-receivers': () => import('./webhook-receivers.ts'),
} as const;
