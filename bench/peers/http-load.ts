/**
 * Pressure on a server by HTTP: autocannon, in a process away from the server it presses.
 *
 * A closed loop: each connection sends its next request when it has its answer. That finds out how much a server can
 * do, and its latencies say how long a request waits then; they are not the latencies at a lower, steady rate.
 */
import autocannon from 'autocannon';
import { Latencies } from '../../gateway/load/index.ts';
import { faceRequests } from '../face-requests.ts';
import type { Work } from '../processes.ts';
import { batchBodies, type BatchForm, type BatchOptions, messageTexts, type TrafficOptions } from '../traffic.ts';

export interface LoadSettings {
  readonly connections: number;
  /** Single messages, or batches in one form. */
  readonly load:
    | { readonly single: TrafficOptions; readonly face?: string }
    | { readonly form: BatchForm; readonly batch: BatchOptions };
}

export interface LoadQuestion {
  /** Where the server listens. */
  readonly url: string;
  readonly seconds: number;
}

export interface LoadAnswer {
  readonly requests: number;
  /** Connections that broke and requests that timed out. */
  readonly errors: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const SAMPLE_MS = 100;

interface Requests {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly (string | Buffer)[];
}

function singles({ single, face }: { readonly single: TrafficOptions; readonly face?: string }): Requests {
  const texts = messageTexts(single);
  if (face !== undefined) return faceRequests(face, texts);
  return { path: '/v1/messages', headers: { 'content-type': 'application/json' }, bodies: texts };
}

function batches(form: BatchForm, batch: BatchOptions): Requests {
  const type = form === 'ndjson' ? 'application/x-ndjson' : 'application/json';
  return { path: '/v1/messages/batch', headers: { 'content-type': type }, bodies: batchBodies(form, batch) };
}

/** Every so-manieth body from the `first` on. */
function shareOf(bodies: Requests['bodies'], first: number, every: number): { body: string | Buffer }[] {
  return bodies.filter((_, place) => place % every === first % every).map((body) => ({ body }));
}

export const work: Work<LoadSettings, null, LoadQuestion, LoadAnswer> = {
  open({ connections, load }) {
    const { path, headers, bodies } = 'single' in load ? singles(load) : batches(load.form, load.batch);
    return Promise.resolve({ ready: null, answer: press });

    function press({ url, seconds }: LoadQuestion): Promise<LoadAnswer> {
      const latencies = new Latencies();
      const statuses: Record<string, number> = {};
      let connection = 0;
      return new Promise((resolve, reject) => {
        const run = autocannon(
          {
            url: url + path,
            connections,
            pipelining: 1,
            duration: seconds,
            sampleInt: SAMPLE_MS,
            method: 'POST',
            headers,
            // Each connection has messages of its own: together they would send the same one at once, and numbers have limits.
            setupClient: (client) => client.setRequests(shareOf(bodies, connection++, connections)),
          },
          (error: unknown, result) => {
            if (error instanceof Error) {
              reject(error);
              return;
            }
            const { p50Ms, p99Ms } = latencies.report();
            resolve({
              requests: result.requests.total,
              errors: result.errors + result.timeouts,
              statuses,
              p50Ms,
              p99Ms,
            });
          },
        );
        run.on('response', (_client, status, _bytes, ms) => {
          statuses[status] = (statuses[status] ?? 0) + 1;
          latencies.add(ms);
        });
      });
    }
  },
};
