import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openRedis } from '../registry-cache/redis/index.ts';
import { startRedisServer } from '../scripts/redis-server.ts';
import { openWebhooks, webhookGuard, webhookId } from '../gateway/webhooks/index.ts';
import { systemClock, systemTimers } from '../gateway/control/index.ts';
const useRedis = process.argv[2] === 'redis';
const server = await startRedisServer();
const connection = await openRedis(server.url);
const took: [number, number][] = [];
const start = performance.now();
const servers = await Promise.all(Array.from({length: 10}, (_, i) => new Promise<string>((resolve) => {
  const s = createServer((req, res) => { let b=''; req.on('data', (c) => b+=c); req.on('end', () => { if (i===0) return; const {at}=JSON.parse(b); took.push([at-start, performance.now()-at]); res.writeHead(204).end(); }); });
  s.listen(0,'127.0.0.1', () => resolve(`http://127.0.0.1:${(s.address() as AddressInfo).port}/`));
})));
const w = openWebhooks({ guard: webhookGuard([]), accounts: {of: () => undefined, gone: async () => {}}, connection: useRedis ? connection : undefined, clock: systemClock, timers: systemTimers, machineClock: systemClock, machineTimers: systemTimers, chance: { next: () => Math.random() }, log: {warn: console.log} });
w.start();
let made=0; const t0=performance.now();
while (performance.now()-t0 < 14000) {
  const due=Math.ceil((performance.now()-t0)*0.5);
  const some=[]; while (made<due) { made++; const subject=`M${made}`; some.push({id: webhookId(subject,0), subject, order:0, url: servers[made%10]!, body: JSON.stringify({at: performance.now()})}); }
  const a=performance.now(); await w.add(some); const d=performance.now()-a; if (d>200) console.log('add took', d|0, 'at', (performance.now()-t0)|0);
  await new Promise(r=>setTimeout(r,10));
}
await new Promise(r=>setTimeout(r,1500));
const buckets = new Map<number, number[]>();
for (const [at,d] of took) { const b=Math.floor(at/500); buckets.set(b,[...(buckets.get(b)??[]),d]); }
for (const [b,ds] of [...buckets].sort((a,c)=>a[0]-c[0])) { ds.sort((x,y)=>x-y); console.log((b/2).toFixed(1)+'s', ds.length, 'p50', ds[ds.length>>1]!.toFixed(1), 'max', ds.at(-1)!.toFixed(1)); }
console.log(w.figures().attempts, w.hosts(2));
await w.close(); await connection.close(); await server.stop(); process.exit();
