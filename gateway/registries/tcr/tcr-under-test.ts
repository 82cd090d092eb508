/**
 * A campaign registry for a test: real routes on a real Fastify, time that stands still until the test moves it, and
 * everything that leaves it written down. The client sends what generated clients of the real service send.
 */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import { readFileSync } from 'node:fs';
import type { CampaignRecord, CarrierTerms } from '../../../registry-cache/index.ts';
import { type Fee, parseTariffBook } from '../../../tariffs/index.ts';
import { handleError } from '../../problem.ts';
import type { Clock, Timers } from '../../router/index.ts';
import { createTcr, MemoryTcrStore, type Tcr, type TcrOptions } from './index.ts';

export const START_MS = Date.UTC(2024, 2, 1, 18);
export const DAY_MS = 86_400_000;

export const PARTIES = {
  csps: [
    { id: 'SDEMO01', name: 'Example Messaging', apiKey: 'csp-key', apiSecret: 'csp-secret' },
    { id: 'SOTHER1', name: 'Other Messaging', apiKey: 'other-key', apiSecret: 'other-secret' },
  ],
  partners: [
    { id: 'NORTH', name: 'North Aggregation', apiKey: 'north-key', apiSecret: 'north-secret', kind: 'dca' },
    { id: 'SOUTH', name: 'South Aggregation', apiKey: 'south-key', apiSecret: 'south-secret', kind: 'dca' },
    { id: 'RELAY', name: 'Relay Partner', apiKey: 'relay-key', apiSecret: 'relay-secret', kind: 'cnp' },
  ],
} as const satisfies TcrOptions['parties'];

const BOOK = new URL('../../../tariffs/books/us-10dlc.yaml', import.meta.url);

/** The fees of the shipped book; reading it takes a while. */
let bookFees: readonly Fee[] | undefined;
function feesOfBook(): readonly Fee[] {
  if (bookFees !== undefined) return bookFees;
  const parsed = parseTariffBook(readFileSync(BOOK, 'utf8'), 'us-10dlc.yaml');
  if (!parsed.ok) throw new Error('the tariff book does not parse');
  return (bookFees = parsed.book.fees);
}

/** A clock that stands still, and timers that run when it is moved. Nothing repeats by itself: tests settle by hand. */
export class StillTime implements Clock, Timers {
  #nowMs = START_MS;
  readonly #waiting = new Set<{ dueMs: number; run: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicNs(): number {
    return this.#nowMs * 1e6;
  }

  every(_periodMs: number, _run: () => void): () => void {
    return () => undefined;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#waiting.add(timer);
    return () => this.#waiting.delete(timer);
  }

  move(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#waiting) {
      if (timer.dueMs > this.#nowMs) continue;
      this.#waiting.delete(timer);
      timer.run();
    }
  }
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Body;
}
export type ErrorBody = readonly {
  readonly code: number;
  readonly field: string | null;
  readonly description: string;
}[];

/** The calls of one party. A body goes as JSON, and so does none. */
export interface Client {
  ask<Body = Record<string, never>>(method: string, path: string, body?: unknown): Promise<Answer<Body>>;
  /** The body of an answer that must be 200. */
  get<Body = Record<string, never>>(path: string): Promise<Body>;
  post<Body = Record<string, never>>(path: string, body?: unknown): Promise<Body>;
  put<Body = Record<string, never>>(path: string, body?: unknown): Promise<Body>;
  /** `code field` of each error of an answer that must be none else. */
  errors(method: string, path: string, body?: unknown): Promise<string[]>;
}

export interface TcrUnderTest extends Tcr {
  readonly app: FastifyInstance;
  readonly time: StillTime;
  readonly store: TcrOptions['store'];
  /** What was published last, by campaign. */
  readonly records: Map<string, CampaignRecord>;
  readonly terms: Map<string, CarrierTerms>;
  readonly hooks: { url: string; headers: Readonly<Record<string, string>>; body: string }[];
  as(key: 'csp' | 'other' | 'north' | 'south' | 'relay'): Client;
  /** Moves time and does what falls due. */
  pass(ms: number): Promise<void>;
  /** A brand that is scored; `own` overrides its fields. */
  brand(own?: Readonly<Record<string, unknown>>): Promise<string>;
  /** The same, vetted with a score. */
  vettedBrand(score: number, own?: Readonly<Record<string, unknown>>): Promise<string>;
  campaign(brandId: string, own?: Readonly<Record<string, unknown>>): Promise<string>;
}

export const BRAND = {
  entityType: 'PRIVATE_PROFIT',
  displayName: 'Example Bakery',
  companyName: 'Example Bakery LLC',
  ein: '12-3456789',
  phone: '+12025550100',
  street: '1 Main Street',
  city: 'Springfield',
  state: 'IL',
  postalCode: '62701',
  country: 'US',
  email: 'support@example.com',
  brandRelationship: 'BASIC_ACCOUNT',
  vertical: 'RETAIL',
  // Clients send what they have nothing for as an empty text or null.
  stockSymbol: '',
  website: null,
};

export const CAMPAIGN = {
  usecase: 'CUSTOMER_CARE',
  description: 'Answers to customers.',
  subUsecases: [],
  sample1: 'Your order is ready.',
  sample2: 'Thank you for calling.',
  sample3: '',
  messageFlow: 'Customers opt in on the web site.',
  helpMessage: 'Reply STOP to opt out.',
  embeddedLink: false,
  embeddedPhone: false,
  numberPool: false,
  subscriberOptin: true,
  subscriberOptout: true,
  subscriberHelp: true,
  mnoIds: [10017, 10035, 10037, 10038],
  autoRenewal: true,
};

/** Opens one; `own` overrides what it is made of, and its rate limits are out of the way unless given. */
export async function openTcrUnderTest(own: Partial<TcrOptions> & { time?: StillTime } = {}): Promise<TcrUnderTest> {
  const time = own.time ?? new StillTime();
  const store = own.store ?? new MemoryTcrStore();
  const records = new Map<string, CampaignRecord>();
  const terms = new Map<string, CarrierTerms>();
  const hooks: TcrUnderTest['hooks'] = [];
  const tcr = createTcr({
    parties: PARTIES,
    clock: time,
    timers: time,
    seed: 1,
    fees: feesOfBook,
    tariffDateMs: () => START_MS,
    receivers: {
      publishCampaigns: (published) => {
        for (const record of published) records.set(record.id, record);
        return Promise.resolve();
      },
      publishTerms: (published) => {
        for (const term of published) terms.set(term.campaign, term);
        return Promise.resolve();
      },
    },
    sender: { send: (url, headers, body) => hooks.push({ url, headers, body }) },
    callbackGuard: (url) => (url.includes('forbidden') ? 'is not allowed; use --callback-host' : undefined),
    requireAdmin: undefined,
    log: { error: (context: unknown) => expectNothing(context) },
    ...own,
    store,
    settings: { readsPerSecond: 10_000, writesPerTenSeconds: 10_000, ...own.settings },
  });
  const app = Fastify({ forceCloseConnections: true });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler(handleError);
  await app.register(tcr.plugin);
  await app.ready();

  const as = (key: string): Client => clientOf(app, `${key}-key`, `${key}-secret`);
  const pass = async (ms: number): Promise<void> => {
    time.move(ms);
    await tcr.service.settle();
  };
  const brand: TcrUnderTest['brand'] = async (fields = {}) => {
    const { brandId } = await as('csp').post<{ brandId: string }>('/brand/nonBlocking', { ...BRAND, ...fields });
    await pass(120_000);
    return brandId;
  };
  return {
    ...tcr,
    app,
    time,
    store,
    records,
    terms,
    hooks,
    as,
    pass,
    brand,
    vettedBrand: async (score, fields = {}) => {
      const brandId = await brand({ referenceId: `SCORE-${score}-${references++}`, ...fields });
      await as('csp').post(`/brand/${brandId}/externalVetting`, { evpId: 'AEGIS', vettingClass: 'STANDARD' });
      await pass(DAY_MS);
      return brandId;
    },
    campaign: async (brandId, fields = {}) => {
      const submitted = await as('csp').post<{ campaignId: string }>('/campaignBuilder', {
        ...CAMPAIGN,
        brandId,
        ...fields,
      });
      return submitted.campaignId;
    },
    close: async () => {
      await tcr.close();
      await app.close();
    },
  };
}

/** Keeps references of one test file apart. */
let references = 0;

function expectNothing(context: unknown): never {
  throw new Error('work of the registry failed', { cause: context });
}

function clientOf(app: FastifyInstance, key: string, secret: string): Client {
  const ask = async <Body>(method: string, path: string, body?: unknown): Promise<Answer<Body>> => {
    const response = await app.inject({
      method: method as 'GET',
      url: `/tcr/v2${path}`,
      headers: {
        authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
    const isJson = String(response.headers['content-type']).includes('json');
    const read = (isJson ? JSON.parse(response.body) : undefined) as Body;
    return { status: response.statusCode, headers: response.headers, text: response.body, body: read };
  };
  const must = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await ask<Body>(method, path, body);
    if (answer.status !== 200 && answer.status !== 204) {
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    }
    return answer.body;
  };
  return {
    ask,
    get: (path) => must('GET', path),
    post: (path, body) => must('POST', path, body),
    put: (path, body) => must('PUT', path, body),
    errors: async (method, path, body) => {
      const answer = await ask<ErrorBody>(method, path, body);
      if (!Array.isArray(answer.body) || answer.status < 400) {
        throw new Error(`${method} ${path}: no error but ${answer.status} ${answer.text}`);
      }
      return answer.body.map(({ code, field }) => `${code} ${field ?? '-'}`);
    },
  };
}
