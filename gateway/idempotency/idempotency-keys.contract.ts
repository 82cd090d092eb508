/** What every store of keys of idempotency promises, and who sends through it as gateways do. */
import { fc } from '@fast-check/vitest';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Claim, ClaimOf, FirstAnswer, HeldKey, IdempotencyKeys } from '../messages/index.ts';

export interface KeysUnderTest {
  /** Two gateways' views of one store; the same twice if it is one process's. */
  readonly keys: readonly [IdempotencyKeys, IdempotencyKeys];
  /** Lets what was accepted at either be kept, as the intake does. */
  messagesKept(): Promise<void>;
  /** Moves on by more than the window. */
  passWindow(): Promise<void>;
  close(): Promise<void>;
}

const FIRST: FirstAnswer = { status: 202, body: '{"id":"M1","text":"Grüße 🙂"}' };
const REFUSED: FirstAnswer = { status: 422, body: '{"id":"M2"}' };
const fingerprint = (of: number): string => String(of).padStart(22, 'f');
const claimOf = (own: Partial<ClaimOf> = {}): ClaimOf => ({
  account: 'acme',
  key: 'order 7',
  fingerprint: fingerprint(1),
  ...own,
});

export function heldOf(claim: Claim | undefined): HeldKey {
  if (claim?.kind !== 'new') throw new Error(`the key is ${claim?.kind} and not new`);
  return claim.held;
}

export function idempotencyKeysContract(open: () => Promise<KeysUnderTest>): void {
  let under: KeysUnderTest;
  beforeEach(async () => (under = await open()));
  afterEach(() => under.close());

  const claim = async (own: Partial<ClaimOf> = {}, gateway: 0 | 1 = 0): Promise<Claim> => {
    const [found] = await under.keys[gateway].claim([claimOf(own)]);
    if (found === undefined) throw new Error('no claim came back');
    return found;
  };
  const kept = async (): Promise<void> => {
    for (const one of under.keys) await one.kept();
    await under.messagesKept();
  };

  it('gives a key to the first who claims it, and to nobody else while it is held', async () => {
    expect((await claim()).kind).toBe('new');
    expect([await claim(), await claim({}, 1)]).toEqual([{ kind: 'pending' }, { kind: 'pending' }]);
  });

  it.each([
    ['taken', (held: HeldKey) => held.taken(FIRST)],
    ['refused', (held: HeldKey) => held.refused(FIRST)],
  ])('repeats to all what was said of a message that was %s, byte for byte', async (_how, settle) => {
    const held = heldOf(await claim());
    expect(held.isCurrent).toBe(true);
    settle(held);
    await kept();
    expect(await claim()).toEqual({ kind: 'answered', answer: FIRST });
    expect(await claim({}, 1)).toEqual({ kind: 'answered', answer: FIRST });
  });

  it('says of another message under the key that it is another, held or answered', async () => {
    const held = heldOf(await claim());
    expect(await claim({ fingerprint: fingerprint(2) }, 1)).toEqual({ kind: 'other' });
    held.refused(REFUSED);
    await kept();
    expect(await claim({ fingerprint: fingerprint(2) }, 1)).toEqual({ kind: 'other' });
    expect(await claim()).toEqual({ kind: 'answered', answer: REFUSED });
  });

  it('gives a released key to the next, also for another message', async () => {
    heldOf(await claim()).release();
    await kept();
    const again = heldOf(await claim({ fingerprint: fingerprint(2) }, 1));
    again.taken(FIRST);
    await kept();
    expect(await claim({ fingerprint: fingerprint(2) })).toEqual({ kind: 'answered', answer: FIRST });
  });

  it('a release after an answer changes nothing', async () => {
    const held = heldOf(await claim());
    held.taken(FIRST);
    held.release();
    await kept();
    expect(await claim()).toEqual({ kind: 'answered', answer: FIRST });
  });

  it('keeps keys of accounts apart, and those of none', async () => {
    for (const account of ['acme', 'acm', undefined]) heldOf(await claim({ account })).release();
    heldOf(await claim({ account: 'a', key: 'b c' }));
    heldOf(await claim({ account: undefined, key: 'a b c' }));
    heldOf(await claim({ account: 'a', key: 'b' }));
  });

  it('takes every key that may be sent', async () => {
    const keys = ['x'.repeat(255), ' ', '"', '\\', '{}', '*', '~!@#$%^&()'];
    const claims = keys.map((key) => claimOf({ key }));
    const found = await under.keys[0].claim(claims);
    found.forEach((one, at) => heldOf(one).refused({ status: 202, body: String(at) }));
    await kept();
    expect(await under.keys[1].claim(claims)).toEqual(
      keys.map((_, at) => ({ kind: 'answered', answer: { status: 202, body: String(at) } })),
    );
  });

  it('claims many in one call, in their order; of two alike the second is pending', async () => {
    heldOf(await claim({ key: 'there' })).taken(FIRST);
    await kept();
    const found = await under.keys[1].claim([
      claimOf({ key: 'a' }),
      claimOf({ key: 'there' }),
      claimOf({ key: 'a' }),
      claimOf({ key: 'a', fingerprint: fingerprint(2) }),
      claimOf({ key: 'b' }),
    ]);
    expect(found.map(({ kind }) => kind)).toEqual(['new', 'answered', 'pending', 'other', 'new']);
    expect(await under.keys[1].claim([])).toEqual([]);
  });

  it('forgets an answer after the window', async () => {
    heldOf(await claim()).taken(FIRST);
    heldOf(await claim({ key: 'refused' })).refused(REFUSED);
    await kept();
    await under.passWindow();
    heldOf(await claim({ fingerprint: fingerprint(2) }));
    heldOf(await claim({ key: 'refused' }, 1));
  });

  it('has nothing under way when nothing was said', async () => {
    await claim();
    expect(under.keys[0].kept()).toBeUndefined();
  });

  it('whoever sends what, when and where: one message under a key, one answer, and nobody waits for ever', async () => {
    const seed = Number(process.env['TOLLGATE_MODEL_SEED'] ?? 20_261_123);
    const numRuns = Number(process.env['TOLLGATE_MODEL_RUNS'] ?? 40);
    let round = 0;
    const property = fc.asyncProperty(fc.scheduler(), fc.array(senders, { maxLength: 24 }), async (scheduler, all) => {
      round += 1;
      const model = new Model(under, `${round} `);
      const sending = Promise.all(all.map((one) => model.send(one, () => scheduler.schedule(Promise.resolve()))));
      await scheduler.waitFor(sending);
    });
    try {
      await fc.assert(property, { seed, numRuns, endOnFailure: true });
    } catch (error) {
      const again = `TOLLGATE_MODEL_SEED=${seed} TOLLGATE_MODEL_RUNS=${numRuns} npx vitest run gateway/idempotency gateway/durable/redis-idempotency.test.ts`;
      throw new Error(`${String(error)}\nAgain: ${again}`, { cause: error });
    }
  });
}

interface Sender {
  readonly gateway: 0 | 1;
  readonly key: number;
  readonly message: number;
  /** What the decision would be, each time it is made for this sender; the last one again. */
  readonly decisions: readonly ('accepted' | 'refused' | 'later')[];
  /** What other work is done before it is made. */
  readonly pauses: number;
}

const senders: fc.Arbitrary<Sender> = fc.record({
  gateway: fc.constantFrom(0, 1),
  key: fc.nat(2),
  message: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
  decisions: fc.array(fc.constantFrom('accepted', 'refused', 'later'), { minLength: 1, maxLength: 3 }),
  pauses: fc.nat(3),
});

const TRIES_MAX = 200;

/** What was really decided, by key. */
class Model {
  readonly #under: KeysUnderTest;
  readonly #prefix: string;
  readonly #answers = new Map<string, { readonly message: number; readonly answer: FirstAnswer }>();
  #decidedCount = 0;

  constructor(under: KeysUnderTest, prefix: string) {
    this.#under = under;
    this.#prefix = prefix;
  }

  /** Sends a message again and again until there is an answer that stays. */
  async send({ gateway, key, message, decisions, pauses }: Sender, pause: () => Promise<unknown>): Promise<void> {
    const keys = this.#under.keys[gateway];
    const name = this.#prefix + String(key);
    let decidedHere = 0;
    for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
      await pause();
      const before = this.#answers.get(name);
      const [found] = await keys.claim([claimOf({ key: name, fingerprint: fingerprint(message) })]);
      const first = this.#answers.get(name);
      if (found?.kind === 'answered') {
        expect({ message, answer: found.answer }).toEqual(first);
        return;
      }
      if (found?.kind === 'other') {
        if (before !== undefined) expect(before.message).not.toBe(message);
        return;
      }
      if (found?.kind === 'pending') continue;
      const held = heldOf(found);
      expect(first).toBeUndefined();
      for (let paused = 0; paused < pauses; paused += 1) await pause();
      expect(this.#answers.get(name)).toBeUndefined();
      const decision = decisions[Math.min(decidedHere, decisions.length - 1)];
      decidedHere += 1;
      if (decision === 'later') {
        held.release();
        await keys.kept();
        if (decidedHere >= decisions.length) return;
        continue;
      }
      const answer = { status: decision === 'accepted' ? 202 : 422, body: `{"id":${(this.#decidedCount += 1)}}` };
      this.#answers.set(name, { message, answer });
      if (decision === 'accepted') held.taken(answer);
      else held.refused(answer);
      await Promise.all([keys.kept(), this.#under.messagesKept()]);
      return;
    }
    throw new Error(`no answer in ${TRIES_MAX} tries`);
  }
}
