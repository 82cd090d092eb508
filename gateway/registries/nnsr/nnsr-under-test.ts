/**
 * The number registry's API on a store in memory, for tests: two DCAs, campaigns of every kind, time that stands still, a log
 * that is kept, and a brand behind every campaign that nothing may show.
 */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type LightMyRequestResponse } from 'fastify';
import { Readable, Writable } from 'node:stream';
import {
  type CampaignRecord,
  type CampaignStanding,
  type CarrierOperation,
  CARRIERS,
  MemoryRegistryStore,
  NumberRegistry,
  type RegistryStore,
  StoreUnavailable,
} from '../../../registry-cache/index.ts';
import { handleError, handleNotFound } from '../../problem.ts';
import { type Clock, namedStream, type Timers } from '../../router/index.ts';
import { createLog } from '../../telemetry/index.ts';
import { createNnsr, type DcaOptions, type ProvisioningSetting } from './index.ts';

export const START_MS = Date.UTC(2024, 2, 1, 18);
export const BRAND = { id: 'BSECRET', name: 'Blackwater Umbrellas' };

export const NORTH: DcaOptions = {
  id: 'NORTH',
  name: 'North Aggregation',
  apiKey: 'north-key',
  apiSecret: 'north-secret',
  nnids: ['104801', '104802'],
};
export const SOUTH: DcaOptions = {
  id: 'SOUTH',
  name: 'South Aggregation',
  apiKey: 'south-key',
  apiSecret: 'south-secret',
  nnids: ['104901'],
};

const operations = (...own: CarrierOperation[]): CarrierOperation[] =>
  CARRIERS.map((_carrier, index) => own[Math.min(index, own.length - 1)] ?? 'approved');

function campaign(id: string, own: Partial<CampaignRecord> = {}): CampaignRecord {
  const operation = own.operations ?? operations('approved');
  const status = operation.reduce((bits, one, index) => (one === 'approved' ? bits | (1 << index) : bits), 0);
  const standing: CampaignStanding = 'available';
  return {
    id,
    standing,
    dca: 'NORTH',
    numberLimit: Infinity,
    expiresAtMs: Infinity,
    ...own,
    operations: operation,
    status: own.status ?? status,
  };
}

export const CAMPAIGNS: readonly CampaignRecord[] = [
  campaign('CNORTH1'),
  campaign('CNORTH2'),
  campaign('CSOUTH1', { dca: 'SOUTH' }),
  campaign('CPOOL49', { numberLimit: 49 }),
  campaign('CSOLE01', { numberLimit: 1 }),
  campaign('CTMOBIL', { operations: operations('rejected', 'suspended', 'approved', 'review') }),
  campaign('CREJECT', { operations: operations('rejected') }),
  campaign('CSUSPND', { operations: operations('suspended', 'rejected') }),
  campaign('CREVIEW', { operations: operations('review', 'suspended', 'rejected') }),
  campaign('CPENDNG', { standing: 'pending_acceptance' }),
  campaign('CDECLIN', { standing: 'declined' }),
  campaign('CNSHARE', { standing: 'not_shared', dca: undefined }),
  campaign('CEXPIR1', { standing: 'expired' }),
  campaign('CEXPIR2', { expiresAtMs: START_MS }),
];

/** Stands still until told otherwise. */
class StillTime implements Clock, Timers {
  #nowMs = START_MS;
  readonly #waiting = new Map<object, { readonly dueMs: number; readonly run: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicNs(): number {
    return this.#nowMs * 1e6;
  }

  every(): () => void {
    throw new Error('nothing here is periodic');
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = {};
    this.#waiting.set(timer, { dueMs: this.#nowMs + delayMs, run });
    return () => this.#waiting.delete(timer);
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [timer, { dueMs, run }] of this.#waiting) {
      if (dueMs > this.#nowMs) continue;
      this.#waiting.delete(timer);
      run();
    }
  }
}

export interface NnsrUnderTest {
  readonly app: FastifyInstance;
  readonly store: RegistryStore;
  readonly registry: NumberRegistry;
  readonly time: StillTime;
  /** All log lines so far. */
  log(): string;
  /** How many calls of `apply` will be let through before the store is away; Infinity for always there. */
  storeLastsFor(applies: number): void;
  ask<Body = Record<string, unknown>>(
    dca: DcaOptions,
    method: 'GET' | 'PUT' | 'DELETE' | 'POST',
    path: string,
    body?: unknown,
  ): Promise<Answer<Body>>;
  upload(
    dca: DcaOptions,
    body: string | Buffer | AsyncIterable<Buffer> | Iterable<Buffer>,
    options?: { readonly type?: string; readonly query?: string; readonly headers?: Record<string, string> },
  ): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  readonly text: string;
  readonly headers: LightMyRequestResponse['headers'];
}

export function authorization(dca: DcaOptions): string {
  return `Basic ${Buffer.from(`${dca.apiKey}:${dca.apiSecret}`).toString('base64')}`;
}

export async function openNnsrUnderTest(
  provisioning: ProvisioningSetting = { delay: { kind: 'none' }, failureProbability: 0 },
): Promise<NnsrUnderTest> {
  const time = new StillTime();
  const registry = new NumberRegistry();
  const ids: string[] = [];
  let appliesLeft = Infinity;
  const store = breakable(
    new MemoryRegistryStore({
      registry,
      listener: {
        campaignsChanged: (entries) => entries.forEach(({ handle, record }) => (ids[handle] = record.id)),
        termsChanged: () => undefined,
      },
    }),
    () => (appliesLeft -= 1) >= 0,
    () => appliesLeft > 0,
  );
  await store.publishCampaigns(CAMPAIGNS);
  await store.publishTerms(
    CAMPAIGNS.map(({ id }) => ({ campaign: id, brand: BRAND.id, attClass: 0, tmobileTier: 0, useCase: 'MIXED' })),
  );
  const lines: string[] = [];
  const logTo = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const log: FastifyBaseLogger = createLog('trace', logTo);
  const app = Fastify({ loggerInstance: log, forceCloseConnections: true });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  const { plugin } = createNnsr({
    store,
    dcas: [NORTH, SOUTH],
    clock: time,
    timers: time,
    chance: namedStream(1, 'provisioning'),
    provisioning,
    reached: () => Promise.resolve(true),
    campaignId: (handle) => ids[handle],
    requireAdmin: (request, reply, done) => {
      if (request.headers['x-admin'] === 'yes') done();
      else reply.code(401).send();
    },
  });
  await app.register(plugin);

  return {
    app,
    store,
    registry,
    time,
    log: () => lines.join(''),
    storeLastsFor: (applies) => (appliesLeft = applies),
    ask: async <Body>(dca: DcaOptions, method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: unknown) => {
      const answer = await app.inject({
        method,
        url: path,
        headers: { authorization: authorization(dca), 'x-admin': 'yes' },
        ...(body !== undefined && { payload: body as object }),
      });
      const isJson =
        /json/.test(String(answer.headers['content-type'])) && !/ndjson/.test(String(answer.headers['content-type']));
      return {
        status: answer.statusCode,
        body: (isJson ? answer.json() : undefined) as Body,
        text: answer.payload,
        headers: answer.headers,
      };
    },
    upload: (dca, body, { type = 'application/x-ndjson', query = '', headers = {} } = {}) => {
      return app.inject({
        method: 'POST',
        url: `/nnsr/v1/bulk${query}`,
        headers: { authorization: authorization(dca), 'content-type': type, ...headers },
        payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : Readable.from(body, { objectMode: false }),
      });
    },
    close: () => app.close(),
  };
}

/** A store that can be made to go away. */
function breakable(store: MemoryRegistryStore, mayApply: () => boolean, isThere: () => boolean): RegistryStore {
  return new Proxy<RegistryStore>(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        const isUp = name === 'apply' ? mayApply() : isThere();
        if (!isUp) return Promise.reject(new StoreUnavailable('cut off by the test'));
        return (member as (...all: unknown[]) => unknown).apply(target, given);
      };
    },
  });
}

/** The lines of an NDJSON answer. */
export function linesOf<Line = Record<string, unknown>>(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
