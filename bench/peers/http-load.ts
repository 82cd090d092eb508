/**
 * Pressure on a server by HTTP: autocannon, in a process away from the server it presses.
 *
 * A closed loop: each connection sends its next request when it has its answer. That finds out how much a server can
 * do, and its latencies say how long a request waits then; they are not the latencies at a lower, steady rate.
 */
import autocannon from 'autocannon';
import { Latencies } from '../../gateway/load/index.ts';
import type { Work } from '../processes.ts';
import { batchBodies, type BatchForm, type BatchOptions, messageTexts, type TrafficOptions } from '../traffic.ts';

export interface LoadSettings {
  readonly connections: number;
  /** Single messages, or batches in one form. */
  readonly load: { readonly single: TrafficOptions } | { readonly form: BatchForm; readonly batch: BatchOptions };
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

export const work: Work<LoadSettings, null, LoadQuestion, LoadAnswer> = {
  open({ connections, load }) {
    const bodies = 'single' in load ? messageTexts(load.single) : batchBodies(load.form, load.batch);
    const path = 'single' in load ? '/v1/messages' : '/v1/messages/batch';
    const type = 'form' in load && load.form === 'ndjson' ? 'application/x-ndjson' : 'application/json';
    return Promise.resolve({ ready: null, answer: press });

    function press({ url, seconds }: LoadQuestion): Promise<LoadAnswer> {
      const latencies = new Latencies();
      const statuses: Record<string, number> = {};
      return new Promise((resolve, reject) => {
        const run = autocannon(
          {
            url: url + path,
            connections,
            pipelining: 1,
            duration: seconds,
            sampleInt: SAMPLE_MS,
            method: 'POST',
            headers: { 'content-type': type },
            requests: bodies.map((body) => ({ body })),
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
