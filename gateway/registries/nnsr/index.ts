/**
 * The door of the number registry's API, `/nnsr/v1`: where DCAs say which number is registered to which campaign.
 *
 * Shaped like the real service at one point above all: it has the current view and nothing else. What is asked here, logged
 * here or counted here knows numbers, campaign ids and NNIDs, and no brand.
 */
import type { FastifyPluginCallback, onRequestHookHandler } from 'fastify';
import type { Timers } from '../../router/index.ts';
import { BulkJobs } from './bulk-job.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { requireDca } from './dca-hook.ts';
import { type DcaOptions, Dcas } from './dcas.ts';
import { numberRoutes } from './number-routes.ts';
import { NumberService, type NumberServiceOptions } from './number-service.ts';
import { provisioningRoutes } from './provisioning-routes.ts';

export type { DcaOptions } from './dcas.ts';
export type { ProvisioningSetting } from './provisioning.ts';

export interface NnsrOptions extends NumberServiceOptions {
  readonly dcas: readonly DcaOptions[];
  readonly timers: Timers;
  /** Guards the setting of provisioning; nobody does if undefined. */
  readonly requireAdmin: onRequestHookHandler | undefined;
}

export interface Nnsr {
  /** Expects TypeBox's validator, and the gateway's `handleError` to answer with the problems it throws. */
  readonly plugin: FastifyPluginCallback;
  readonly service: NumberService;
  readonly jobs: BulkJobs;
}

/** Throws RangeError for DCAs whose NNIDs cannot be. */
export function createNnsr(options: NnsrOptions): Nnsr {
  const { clock, timers, requireAdmin } = options;
  const dcas = new Dcas(options.dcas);
  const service = new NumberService(options);
  const jobs = new BulkJobs(clock);

  const plugin: FastifyPluginCallback = (app, _options, done) => {
    app.register(provisioningRoutes, { service, requireAdmin });
    app.register((inner, _none, innerDone) => {
      requireDca(inner, dcas);
      inner.register(numberRoutes, { service, dcas, clock });
      inner.register(bulkRoutes, { service, jobs, clock, timers });
      innerDone();
    });
    done();
  };
  return { plugin, service, jobs };
}
