/** A process in which something is started for the first time: the test library, or a bare server. */
import { performance } from 'node:perf_hooks';
import Fastify from 'fastify';
import { magicFrom, magicTo, startTollgate } from '../../gateway/testing/index.ts';
import type { Work } from '../processes.ts';

export interface Started {
  readonly startMs: number;
  readonly closeMs: number;
}

/** What is to be started. */
export type Starting = 'tollgate' | 'bare';

export const work: Work<Record<string, never>, null, Starting, Started> = {
  open: () =>
    Promise.resolve({ ready: null, answer: (what) => (what === 'tollgate' ? startedTollgate() : startedBare()) }),
};

/** Closed with a message in flight. */
async function startedTollgate(): Promise<Started> {
  const beganMs = performance.now();
  const tollgate = await startTollgate();
  const startMs = performance.now() - beganMs;
  await fetch(`${tollgate.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: magicFrom('registered'), to: magicTo('delivered'), text: 'Hi' }),
  });
  const closingMs = performance.now();
  await tollgate.close();
  return { startMs, closeMs: performance.now() - closingMs };
}

async function startedBare(): Promise<Started> {
  const beganMs = performance.now();
  const app = Fastify({ forceCloseConnections: true });
  app.get('/', () => '');
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const startMs = performance.now() - beganMs;
  await fetch(url);
  const closingMs = performance.now();
  await app.close();
  return { startMs, closeMs: performance.now() - closingMs };
}
