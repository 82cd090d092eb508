/** The routes by which messages are sent and read back, over a small world and an intake whose keeping and keys the test holds. */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import {
  type Claim,
  type ClaimOf,
  type Dispatcher,
  type FirstAnswer,
  type IdempotencyKeys,
  Intake,
  KeysUnavailable,
  MessageStore,
} from '../../messages/index.ts';
import { handleError } from '../../problem.ts';
import { coreUnderTest } from '../../router/world-under-test.ts';
import { batchRoutes } from './batch.ts';
import { type MessageArchive, messageRoutes } from './messages.ts';

const NOON = Date.UTC(2024, 2, 1, 20);

export interface EdgeUnderTest {
  readonly app: FastifyInstance;
  readonly store: MessageStore;
  readonly keys: KeysInHand;
  /** Destinations of what was dispatched, in order. */
  readonly dispatched: number[];
  close(): Promise<void>;
}

/** Keys in plain maps, which can be away and are told of. */
export class KeysInHand implements IdempotencyKeys {
  isAway = false;
  isCurrent = true;
  /** Claims of each call. */
  readonly calls: (readonly ClaimOf[])[] = [];
  readonly held = new Set<string>();
  readonly answers = new Map<string, FirstAnswer>();
  /** Called before a claim is answered. */
  onClaim: () => void = () => undefined;

  claim(claims: readonly ClaimOf[]): Promise<readonly Claim[]> {
    this.calls.push(claims);
    this.onClaim();
    if (this.isAway) return Promise.reject(new KeysUnavailable('away'));
    return Promise.resolve(claims.map(({ key }) => this.#claimOne(key)));
  }

  kept(): undefined {
    return undefined;
  }

  #claimOne(key: string): Claim {
    const answer = this.answers.get(key);
    if (answer !== undefined) return { kind: 'answered', answer };
    if (this.held.has(key)) return { kind: 'pending' };
    this.held.add(key);
    const keep = (one: FirstAnswer): void => void (this.held.delete(key) && this.answers.set(key, one));
    const release = (): void => void this.held.delete(key);
    return { kind: 'new', held: { isCurrent: this.isCurrent, taken: keep, refused: keep, release } };
  }
}

export async function openEdge({
  kept,
  archive,
  dispatch = () => undefined,
}: {
  kept?: Dispatcher['kept'];
  archive?: MessageArchive;
  dispatch?: () => void;
} = {}): Promise<EdgeUnderTest> {
  const core = coreUnderTest();
  const store = new MessageStore(10_000, 'TEST');
  const keys = new KeysInHand();
  const dispatched: number[] = [];
  const intake = new Intake({
    core,
    store,
    dispatcher: {
      dispatch(at) {
        dispatched.push(store.destinationKey[at] ?? 0);
        dispatch();
      },
      ...(kept && { kept }),
    },
    chance: { next: () => 0.5 },
    clock: { nowMs: () => NOON, monotonicNs: () => 0 },
    view: { ageMs: () => 0, staleMs: 5_000, refusesWhenStale: false },
    tariffDateMs: NOON,
  });
  const app = Fastify();
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler(handleError);
  const routes = {
    core,
    store,
    intake,
    callbackGuard: () => undefined,
    leases: { answered: () => Promise.resolve() },
    keys,
    // Time flies.
    timers: {
      every: () => () => undefined,
      after: (_ms: number, run: () => void) => (setImmediate(run), () => undefined),
    },
    archive,
    requireAdmin: undefined,
  };
  await app.register(messageRoutes, routes);
  await app.register(batchRoutes, routes);
  return { app, store, keys, dispatched, close: () => app.close() };
}
