/** Every promise of the port `RegistryStore`, run over each store there is. */
import { fc, test as propertyTest } from '@fast-check/vitest';
import { afterEach, describe, expect, test } from 'vitest';
import { NO_CAMPAIGN, STILL_PENDING, type NumberRegistry } from './number-registry.ts';
import {
  ANY_NNID,
  CHANGES_MAX,
  MOMENT_MAX,
  NOTICE_LIFE_MS,
  type CampaignRecord,
  type CarrierTerms,
  type ChangeOutcome,
  type FailNumber,
  type Notice,
  type NumberChange,
  type NumberRecord,
  type RegistryStore,
  type RemoveNumber,
  type SetNumber,
} from './registry-store.ts';

export interface StoreUnderTest {
  readonly store: RegistryStore;
  /** Another store on the same registry, as of a second gateway; the same one where there can be no second. */
  readonly other: RegistryStore;
  /** What the gateway of `store` answers messages from. */
  readonly view: NumberRegistry;
  /** Resolves once the view has seen everything that was applied before. */
  readonly settleView: () => Promise<void>;
  /** Ends it all. Every open registry begins empty. */
  close(): Promise<void>;
}

/** `open` gives an empty registry, one that keeps history if asked. */
export function describeRegistryStore(
  name: string,
  open: (options: { readonly history: boolean }) => Promise<StoreUnderTest>,
): void {
  describe(`registry store in ${name}`, () => {
    const opened: StoreUnderTest[] = [];

    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
    });

    /** A registry with four campaigns, of handles 0 to 3, and three NNIDs, of rows 0 to 2. */
    async function openFilled({ history = false } = {}): Promise<StoreUnderTest> {
      const under = await open({ history });
      opened.push(under);
      await under.store.publishCampaigns([0, 1, 2, 3].map((n) => campaign(`C00000${n}`)));
      await under.store.nnidRows(['100001', '100002', '100003']);
      return under;
    }

    describe('numbers', () => {
      test('are there with their campaign and NNID once set, and others are not', async () => {
        const { store, view, settleView } = await openFilled();
        expect(await outcomes(store, [set(1, 2, { nnid: 1 })])).toEqual([{ done: true, previous: undefined }]);
        expect(await store.read([key(1), key(2)])).toEqual([record(1, 2, { nnid: 1 }), undefined]);
        await settleView();
        expect([view.find(key(1), NOW), view.find(key(2), NOW)]).toEqual([2, NO_CAMPAIGN]);
      });

      test('are answered for in the order they were asked for, twice if asked twice', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 0), set(2, 1)], NOW);
        expect(await store.read([key(2), key(3), key(1), key(2)])).toEqual([
          record(2, 1),
          undefined,
          record(1, 0),
          record(2, 1),
        ]);
        expect(await store.read([])).toEqual([]);
      });

      test('belong to the last who set them, and what they belonged to is told', async () => {
        const { store, view, settleView } = await openFilled();
        await store.apply([set(1, 2, { nnid: 1 })], NOW);
        expect(await outcomes(store, [set(1, 3, { nnid: 2 })])).toEqual([
          { done: true, previous: record(1, 2, { nnid: 1 }) },
        ]);
        expect(await store.read([key(1)])).toEqual([record(1, 3, { nnid: 2 })]);
        await settleView();
        expect(view.find(key(1), NOW)).toBe(3);
      });

      test('can be set again as they are', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 2)], NOW);
        expect(await outcomes(store, [set(1, 2)])).toEqual([{ done: true, previous: record(1, 2) }]);
        expect((await store.stats()).numbers).toBe(1);
      });

      test('changed several times in one call are changed in that order', async () => {
        const { store, view, settleView } = await openFilled();
        const changes = [
          set(1, 0),
          set(1, 1),
          remove(1),
          set(2, 3),
          set(1, 2, { numberLimit: 1 }),
          set(1, 3),
          set(2, 0),
        ];
        expect(await outcomes(store, changes)).toEqual([
          { done: true, previous: undefined },
          { done: true, previous: record(1, 0) },
          { done: true, previous: record(1, 1) },
          { done: true, previous: undefined },
          { done: true, previous: undefined },
          { done: true, previous: record(1, 2) },
          { done: true, previous: record(2, 3) },
        ]);
        await settleView();
        expect([view.find(key(1), NOW), view.find(key(2), NOW)]).toEqual([3, 0]);
      });

      test('changed a thousand times in one call are changed in that order too', async () => {
        const { store } = await openFilled();
        const changes = Array.from({ length: 1000 }, (_, n) => set(1, n % 3));
        expect(await outcomes(store, changes)).toEqual(
          changes.map((_, n) => ({ done: true, previous: n === 0 ? undefined : record(1, (n - 1) % 3) })),
        );
      });

      test('of the whole range of keys, handles and rows are kept', async () => {
        const { store } = await openFilled();
        const handles = await store.publishCampaigns(Array.from({ length: 600 }, (_, n) => campaign(`CMANY${n}`)));
        const last = handles.at(-1)!;
        expect(last).toBe(603);
        const rows = await store.nnidRows(Array.from({ length: 300 }, (_, n) => String(200_000 + n)));
        const numbers = [2_000_000_000, 6_294_967_295, 6_294_967_296, 9_999_999_999].map((at): NumberRecord => ({
          key: at,
          campaign: last,
          nnid: rows.at(-1)!,
          activeAtMs: 0,
        }));
        await store.apply(
          numbers.map((number) => ({ kind: 'set', ...number, numberLimit: Infinity })),
          NOW,
        );
        expect(await store.read(numbers.map((number) => number.key))).toEqual(numbers);
      });

      test('fill a call up to its limit', async () => {
        const { store } = await openFilled();
        const changes = Array.from({ length: CHANGES_MAX }, (_, n) => set(n, n % 4));
        const applied = await store.apply(changes, NOW);
        expect(applied.outcomes).toHaveLength(CHANGES_MAX);
        expect(applied.outcomes.every((outcome) => outcome.done)).toBe(true);
        expect((await store.stats()).numbers).toBe(CHANGES_MAX);
        expect(await store.read([key(0), key(CHANGES_MAX - 1)])).toEqual([record(0, 0), record(CHANGES_MAX - 1, 3)]);
      });

      test('are the same through every store on the registry', async () => {
        const { store, other } = await openFilled();
        await store.apply([set(1, 2)], NOW);
        expect(await other.read([key(1)])).toEqual([record(1, 2)]);
        await other.apply([remove(1)], NOW);
        expect(await store.read([key(1)])).toEqual([undefined]);
      });

      test('set by two stores at once belong to one of the two, and the one that was second is told so', async () => {
        const { store, other } = await openFilled();
        for (let n = 0; n < 20; n++) {
          const [[first], [second]] = await Promise.all([
            outcomes(store, [set(n, 1, { nnid: 1 })]),
            outcomes(other, [set(n, 2, { nnid: 2 })]),
          ]);
          const [winner] = await store.read([key(n)]);
          const isFirstLast = winner!.campaign === 1;
          expect(isFirstLast ? [first, second] : [second, first]).toEqual([
            { done: true, previous: isFirstLast ? record(n, 2, { nnid: 2 }) : record(n, 1, { nnid: 1 }) },
            { done: true, previous: undefined },
          ]);
          expect(await store.notice(key(n), isFirstLast ? 2 : 1, NOW)).toMatchObject({ kind: 'taken_over' });
          expect(await store.notice(key(n), isFirstLast ? 1 : 2, NOW)).toBeUndefined();
        }
      });
    });

    describe('removal', () => {
      test('leaves nothing of the number', async () => {
        const { store, view, settleView } = await openFilled();
        await store.apply([set(1, 2, { nnid: 1 }), set(2, 2, { nnid: 1 }), fail(1, 2, { nnid: 2 })], NOW);
        await store.apply([set(1, 3, { nnid: 2 })], NOW);
        expect(await outcomes(store, [remove(1, 2)])).toEqual([{ done: true, previous: record(1, 3, { nnid: 2 }) }]);
        await store.settle(NOW);
        expect(await store.read([key(1)])).toEqual([undefined]);
        expect(await scanned(store)).toEqual([record(2, 2, { nnid: 1 })]);
        for (const nnid of [0, 1, 2]) {
          expect(await store.notice(key(1), nnid, NOW)).toBeUndefined();
          expect(await store.notices(nnid, 10, NOW)).toEqual([]);
        }
        expect(await store.history(key(1))).toEqual([]);
        expect((await store.stats()).numbers).toBe(1);
        await settleView();
        expect(view.find(key(1), NOW)).toBe(NO_CAMPAIGN);
      });

      test('of a number that is not there is refused', async () => {
        const { store } = await openFilled();
        expect(await outcomes(store, [remove(1, 0), remove(1, ANY_NNID)])).toEqual([NOT_REGISTERED, NOT_REGISTERED]);
        await store.apply([set(1, 0), remove(1)], NOW);
        expect(await outcomes(store, [remove(1)])).toEqual([NOT_REGISTERED]);
      });

      test('of a number that another NNID set is refused, except to the operator', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 0, { nnid: 1 })], NOW);
        expect(await outcomes(store, [remove(1, 2)])).toEqual([{ done: false, refusal: 'other_nnid' }]);
        expect(await store.read([key(1)])).toEqual([record(1, 0, { nnid: 1 })]);
        expect(await outcomes(store, [remove(1, ANY_NNID)])).toEqual([
          { done: true, previous: record(1, 0, { nnid: 1 }) },
        ]);
        expect(await store.read([key(1)])).toEqual([undefined]);
      });

      test('of a number not there forgets what its NNID was to be told of it', async () => {
        const { store } = await openFilled();
        await store.apply([fail(1, 0, { nnid: 0 }), fail(1, 0, { nnid: 1 }), fail(1, 0, { nnid: 2 })], NOW);
        expect(await outcomes(store, [remove(1, 1)])).toEqual([NOT_REGISTERED]);
        expect(await store.notice(key(1), 1, NOW)).toBeUndefined();
        expect(await store.notice(key(1), 2, NOW)).toBeDefined();
        expect(await outcomes(store, [remove(1, ANY_NNID)])).toEqual([NOT_REGISTERED]);
        expect(await store.notice(key(1), 0, NOW)).toBeUndefined();
        expect(await store.notice(key(1), 2, NOW)).toBeUndefined();
      });

      test('makes room for another number', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 0, { numberLimit: 1 })], NOW);
        expect(await outcomes(store, [set(2, 0, { numberLimit: 1 })])).toEqual([OVER_LIMIT]);
        await store.apply([remove(1)], NOW);
        expect(await outcomes(store, [set(2, 0, { numberLimit: 1 })])).toEqual([DONE]);
      });
    });

    describe('the limit of a campaign', () => {
      test('is reached exactly and stays so', async () => {
        const { store } = await openFilled();
        const changes = Array.from({ length: 60 }, (_, n) => set(n, 0, { numberLimit: 49 }));
        const applied = await outcomes(store, changes);
        expect(applied.filter((outcome) => outcome.done)).toHaveLength(49);
        expect(applied.filter((outcome) => !outcome.done)).toEqual(Array.from({ length: 11 }, () => OVER_LIMIT));
        expect((await store.stats()).numbers).toBe(49);
        expect(await outcomes(store, [set(70, 0, { numberLimit: 49 })])).toEqual([OVER_LIMIT]);
        expect(await outcomes(store, [set(70, 0, { numberLimit: 50 })])).toEqual([DONE]);
        expect(await outcomes(store, [set(71, 1, { numberLimit: 0 })])).toEqual([OVER_LIMIT]);
      });

      test('counts a number the campaign holds already once', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 0, { numberLimit: 1 })], NOW);
        expect(await outcomes(store, [set(1, 0, { numberLimit: 1, nnid: 1 })])).toEqual([
          { done: true, previous: record(1, 0) },
        ]);
        expect(await outcomes(store, [set(2, 0, { numberLimit: 1 })])).toEqual([OVER_LIMIT]);
        expect(await outcomes(store, [set(2, 0, { numberLimit: 2 })])).toEqual([DONE]);
        expect(await outcomes(store, [set(1, 0, { numberLimit: 1 })])).toMatchObject([{ done: true }]);
      });

      test('counts pending numbers, and those set while there was no limit', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 0), set(2, 0, { activeAtMs: LATER })], NOW);
        expect(await outcomes(store, [set(3, 0, { numberLimit: 2 })])).toEqual([OVER_LIMIT]);
        expect(await outcomes(store, [set(3, 0, { numberLimit: 3 })])).toEqual([DONE]);
        expect(await outcomes(store, [set(4, 0)])).toEqual([DONE]);
      });

      test('leaves a number whose move it refuses where it is', async () => {
        const { store, view, settleView } = await openFilled();
        await store.apply([set(1, 0, { numberLimit: 1 }), set(2, 1, { nnid: 1 })], NOW);
        expect(await outcomes(store, [set(2, 0, { numberLimit: 1 })])).toEqual([OVER_LIMIT]);
        expect(await store.read([key(2)])).toEqual([record(2, 1, { nnid: 1 })]);
        expect(await store.notice(key(2), 1, NOW)).toBeUndefined();
        await settleView();
        expect(view.find(key(2), NOW)).toBe(1);
      });

      test('has room again when a number moves away', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 0, { numberLimit: 1 })], NOW);
        await store.apply([set(1, 1)], NOW);
        expect(await outcomes(store, [set(2, 0, { numberLimit: 1 })])).toEqual([DONE]);
        expect(await outcomes(store, [set(1, 0, { numberLimit: 1 })])).toEqual([OVER_LIMIT]);
      });

      test('holds between two stores that set as fast as they can', async () => {
        const { store, other } = await openFilled();
        const tries = Array.from({ length: 120 }, async (_, n) => {
          const changes = [set(n, 0, { numberLimit: 49 }), set(1000 + n, 1, { numberLimit: 30 })];
          return outcomes(n % 2 === 0 ? store : other, n % 3 === 0 ? changes.toReversed() : changes);
        });
        const all = (await Promise.all(tries)).flat();
        expect(all.filter((outcome) => outcome.done)).toHaveLength(79);
        const numbers = await scanned(store);
        expect(numbers.filter((number) => number.campaign === 0)).toHaveLength(49);
        expect(numbers.filter((number) => number.campaign === 1)).toHaveLength(30);
      });

      test('holds while numbers come, go and move through two stores', async () => {
        const { store, other } = await openFilled();
        const rounds = Array.from({ length: 40 }, async (_, n) => {
          const [mine, next] = [n % 8, (n + 3) % 8];
          await outcomes(n % 2 === 0 ? store : other, [
            set(mine, 0, { numberLimit: 3 }),
            n % 5 === 0 ? remove(next, ANY_NNID) : set(next, n % 3, { numberLimit: 3 }),
          ]);
          const held = (await scanned(store)).filter((number) => number.campaign === 0);
          // A scan may see a number as before and another as after; the count at one moment is asked for below.
          return held.length;
        });
        await Promise.all(rounds);
        for (const handle of [0, 1, 2]) {
          const held = (await scanned(store)).filter((number) => number.campaign === handle);
          expect(held.length).toBeLessThanOrEqual(3);
          const room = 3 - held.length;
          const tries = Array.from({ length: 5 }, (_, n) => set(100 + 10 * handle + n, handle, { numberLimit: 3 }));
          expect((await outcomes(store, tries)).filter((outcome) => outcome.done)).toHaveLength(room);
        }
      });
    });

    describe('pending numbers', () => {
      test('are registered, and active from their moment on', async () => {
        const { store, view, settleView } = await openFilled();
        await store.apply([set(1, 2, { activeAtMs: LATER })], NOW);
        expect(await store.read([key(1)])).toEqual([record(1, 2, { activeAtMs: LATER })]);
        expect(await store.stats()).toMatchObject({ numbers: 1, pending: 1 });
        await settleView();
        expect([view.find(key(1), NOW), view.find(key(1), LATER)]).toEqual([STILL_PENDING, 2]);
      });

      test('stay so until it is time to settle them', async () => {
        const { store, view, settleView } = await openFilled();
        await store.apply([set(1, 2, { activeAtMs: LATER }), set(2, 2, { activeAtMs: LATER + 1 })], NOW);
        await store.settle(LATER);
        expect(await store.read([key(1), key(2)])).toEqual([record(1, 2), record(2, 2, { activeAtMs: LATER + 1 })]);
        expect(await store.stats()).toMatchObject({ numbers: 2, pending: 1 });
        await settleView();
        expect([view.find(key(1), LATER), view.find(key(2), LATER)]).toEqual([2, STILL_PENDING]);
        await store.settle(LATER);
        await store.settle(LATER + 1);
        expect(await store.stats()).toMatchObject({ numbers: 2, pending: 0 });
      });

      test('whose moment is not after that of the change are active at once', async () => {
        const { store, view, settleView } = await openFilled();
        await store.apply([set(1, 2, { activeAtMs: NOW }), set(2, 2, { activeAtMs: NOW - 1 })], NOW);
        expect(await store.read([key(1), key(2)])).toEqual([record(1, 2), record(2, 2)]);
        expect((await store.stats()).pending).toBe(0);
        await settleView();
        expect(view.find(key(1), NOW)).toBe(2);
      });

      test('can be moved, made active, put off and removed', async () => {
        const { store } = await openFilled();
        await store.apply(
          [1, 2, 3, 4].map((n) => set(n, 0, { activeAtMs: LATER })),
          NOW,
        );
        const changes = [set(1, 1, { activeAtMs: LATER }), set(2, 0), set(3, 0, { activeAtMs: LATER + 9 }), remove(4)];
        expect(await outcomes(store, changes)).toEqual(
          [1, 2, 3, 4].map((n) => ({ done: true, previous: record(n, 0, { activeAtMs: LATER }) })),
        );
        expect(await store.read([1, 2, 3, 4].map(key))).toEqual([
          record(1, 1, { activeAtMs: LATER }),
          record(2, 0),
          record(3, 0, { activeAtMs: LATER + 9 }),
          undefined,
        ]);
        expect(await store.stats()).toMatchObject({ numbers: 3, pending: 2 });
        await store.settle(LATER);
        expect(await store.read([1, 2, 3, 4].map(key))).toEqual([
          record(1, 1),
          record(2, 0),
          record(3, 0, { activeAtMs: LATER + 9 }),
          undefined,
        ]);
      });

      test('include active ones that were put off', async () => {
        const { store, view, settleView } = await openFilled();
        await store.apply([set(1, 0)], NOW);
        await store.apply([set(1, 1, { activeAtMs: LATER })], NOW);
        expect(await store.stats()).toMatchObject({ numbers: 1, pending: 1 });
        await settleView();
        expect(view.find(key(1), NOW)).toBe(STILL_PENDING);
      });

      test('are settled by the thousand', async () => {
        const { store } = await openFilled();
        await store.apply(
          Array.from({ length: 3000 }, (_, n) => set(n, 0, { activeAtMs: LATER + (n % 2) })),
          NOW,
        );
        await store.settle(LATER);
        expect(await store.stats()).toMatchObject({ numbers: 3000, pending: 1500 });
      });

      test('can wait for the last moment that can be written down', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 0, { activeAtMs: MOMENT_MAX })], NOW);
        expect(await store.read([key(1)])).toEqual([record(1, 0, { activeAtMs: MOMENT_MAX })]);
      });
    });

    describe('notices', () => {
      test('tell of a failure, which leaves the number as it was', async () => {
        const { store, view, settleView } = await openFilled();
        await store.apply([set(1, 2, { nnid: 1 })], NOW);
        expect(await outcomes(store, [fail(1, 3, { nnid: 2 }), fail(2, 3, { nnid: 2 })])).toEqual([
          { done: true, previous: record(1, 2, { nnid: 1 }) },
          { done: true, previous: undefined },
        ]);
        expect(await store.read([key(1), key(2)])).toEqual([record(1, 2, { nnid: 1 }), undefined]);
        expect(await store.notice(key(1), 2, NOW)).toEqual(failure(1, 3, { nnid: 2 }));
        expect(await store.notice(key(2), 2, NOW)).toEqual(failure(2, 3, { nnid: 2 }));
        expect(await store.notice(key(1), 1, NOW)).toBeUndefined();
        await settleView();
        expect([view.find(key(1), NOW), view.find(key(2), NOW)]).toEqual([2, NO_CAMPAIGN]);
      });

      test('tell of a campaign that does not exist', async () => {
        const { store } = await openFilled();
        await store.apply([fail(1, NO_CAMPAIGN)], NOW);
        expect(await store.notice(key(1), 0, NOW)).toEqual(failure(1, NO_CAMPAIGN));
        await expect(store.apply([set(1, NO_CAMPAIGN)], NOW)).rejects.toThrow(RangeError);
      });

      test('give every reason there is', async () => {
        const { store } = await openFilled();
        const reasons = ['INVALID_NNID', 'NUMBER_PROVISIONING_FAILED', 'CAMPAIGN_MNO_REVIEW'] as const;
        await store.apply(
          reasons.map((reason, n) => ({ ...fail(n, 0), reason })),
          NOW,
        );
        for (const [n, reason] of reasons.entries()) {
          expect(await store.notice(key(n), 0, NOW)).toMatchObject({ reason });
        }
      });

      test('tell a DCA of a number another has taken over, naming the campaign it had itself', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 2, { nnid: 1 })], NOW);
        await store.apply([set(1, 3, { nnid: 2 })], NOW + 5);
        expect(await store.notice(key(1), 1, NOW + 5)).toEqual({
          kind: 'taken_over',
          key: key(1),
          nnid: 1,
          campaign: 2,
          reason: undefined,
          atMs: NOW + 5,
        });
        expect(await store.notice(key(1), 2, NOW + 5)).toBeUndefined();
      });

      test('do not tell a DCA of what it did itself', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 2, { nnid: 1 }), set(1, 3, { nnid: 1 }), remove(1, 1)], NOW);
        expect(await store.notices(1, 10, NOW)).toEqual([]);
      });

      test('are forgotten once the same NNID sets the number, and only its own', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 2, { nnid: 1 }), set(1, 3, { nnid: 2 }), fail(1, 3, { nnid: 0 })], NOW);
        await store.apply([set(1, 2, { nnid: 1 })], NOW);
        expect(await store.notice(key(1), 1, NOW)).toBeUndefined();
        expect(await store.notice(key(1), 0, NOW)).toEqual(failure(1, 3, { nnid: 0 }));
        expect(await store.notice(key(1), 2, NOW)).toMatchObject({ kind: 'taken_over', campaign: 3 });
      });

      test('about one number are one for an NNID, the latest', async () => {
        const { store } = await openFilled();
        await store.apply([fail(1, 2)], NOW);
        await store.apply([fail(1, 3)], NOW + 1);
        expect(await store.notices(0, 10, NOW + 1)).toEqual([{ ...failure(1, 3), atMs: NOW + 1 }]);
      });

      test('are listed newest first, as many as asked for', async () => {
        const { store } = await openFilled();
        for (const n of [3, 1, 4, 2]) await store.apply([fail(n, 0, { nnid: 1 }), fail(n, 0, { nnid: 2 })], NOW + n);
        const listed = await store.notices(1, 3, NOW + 10);
        expect(listed.map((notice) => [notice.key, notice.nnid])).toEqual([4, 3, 2].map((n) => [key(n), 1]));
        expect(await store.notices(1, 10, NOW + 10)).toHaveLength(4);
        expect(await store.notices(0, 10, NOW + 10)).toEqual([]);
      });

      test('are over after their time, settled or not', async () => {
        const { store } = await openFilled();
        await store.apply([fail(1, 0)], NOW);
        await store.apply([fail(2, 0)], NOW + 1);
        const over = NOW + NOTICE_LIFE_MS;
        expect(await store.notice(key(1), 0, over - 1)).toBeDefined();
        expect(await store.notice(key(1), 0, over)).toBeUndefined();
        expect(await store.notices(0, 10, over)).toHaveLength(1);
        await store.settle(over);
        expect(await store.notice(key(1), 0, over - 1)).toBeUndefined();
        expect(await store.notices(0, 10, over - 1)).toEqual([{ ...failure(2, 0), atMs: NOW + 1 }]);
      });
    });

    describe('a scan', () => {
      test('of an empty registry ends', async () => {
        const { store } = await openFilled();
        expect(await scanned(store)).toEqual([]);
      });

      test('sees every number, pending ones too', async () => {
        const { store } = await openFilled();
        const changes = Array.from({ length: 5000 }, (_, n) =>
          set(n, n % 4, { nnid: n % 3, activeAtMs: n % 10 === 0 ? LATER : 0 }),
        );
        await store.apply(changes, NOW);
        const expected = changes.map((change) =>
          record(change.key - key(0), change.campaign, { nnid: change.nnid, activeAtMs: change.activeAtMs }),
        );
        expect(await scanned(store)).toEqual(expected);
      });

      test('misses no number that is left alone while others come, go, move and settle', async () => {
        const { store, other } = await openFilled();
        const still = Array.from({ length: 3000 }, (_, n) => set(n, 0, { activeAtMs: n % 10 === 0 ? LATER : 0 }));
        const moving = Array.from({ length: 3000 }, (_, n) => set(10_000 + n, 1));
        await store.apply(still, NOW);
        await store.apply(moving, NOW);
        const seen = new Set<number>();
        let batch = 0;
        for await (const records of store.scan()) {
          for (const each of records) seen.add(each.key);
          batch++;
          const fresh = Array.from({ length: 400 }, (_, n) => set(20_000 + 400 * batch + n, 2));
          const gone = moving.slice(batch * 50, batch * 50 + 50).map((change) => remove(change.key - key(0)));
          await other.apply(
            [...fresh, ...gone, ...moving.slice(-100).map((change) => ({ ...change, campaign: 3 }))],
            NOW,
          );
          if (batch === 2) await other.settle(LATER);
        }
        expect(still.filter((change) => !seen.has(change.key))).toEqual([]);
      });

      test('can be broken off', async () => {
        const { store } = await openFilled();
        await store.apply([set(1, 0), set(2, 0)], NOW);
        for await (const records of store.scan()) {
          expect(records.length).toBeGreaterThan(0);
          break;
        }
        expect(await scanned(store)).toHaveLength(2);
      });
    });

    describe('campaigns', () => {
      test('have handles from 0 in the order they were published, and are found by id', async () => {
        const { store, other } = await openFilled();
        const pool = campaign('CPOOL01', {
          numberLimit: Infinity,
          expiresAtMs: NOW,
          standing: 'expired',
          dca: undefined,
        });
        expect(await store.publishCampaigns([pool, campaign('CNEW002')])).toEqual([4, 5]);
        expect(await other.campaign('CPOOL01')).toEqual({ handle: 4, record: pool });
        expect(await other.campaign('CNONE00')).toBeUndefined();
        expect((await other.campaigns()).map(({ handle, record: { id } }) => [handle, id])).toEqual([
          [0, 'C000000'],
          [1, 'C000001'],
          [2, 'C000002'],
          [3, 'C000003'],
          [4, 'CPOOL01'],
          [5, 'CNEW002'],
        ]);
        expect((await store.stats()).campaigns).toBe(6);
      });

      test('published again are replaced and keep their handle', async () => {
        const { store } = await openFilled();
        const suspended = campaign('C000002', {
          status: 0,
          operations: ['suspended', 'rejected', 'review', 'approved', 'approved'],
          numberLimit: 1,
        });
        expect(await store.publishCampaigns([suspended, campaign('CNEW001'), suspended])).toEqual([2, 4, 2]);
        expect(await store.campaign('C000002')).toEqual({ handle: 2, record: suspended });
        expect((await store.campaigns())[2]).toEqual({ handle: 2, record: suspended });
        expect(await store.publishCampaigns([])).toEqual([]);
      });

      test('published by two stores at once have one handle each, without gaps', async () => {
        const { store, other } = await openFilled();
        const [mine, theirs] = await Promise.all([
          store.publishCampaigns(Array.from({ length: 700 }, (_, n) => campaign(`CBOTH${n}`))),
          other.publishCampaigns(Array.from({ length: 700 }, (_, n) => campaign(`CBOTH${699 - n}`))),
        ]);
        expect(mine).toEqual(theirs.toReversed());
        expect(mine.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 700 }, (_, n) => n + 4));
        expect((await store.campaigns()).map(({ handle }) => handle)).toEqual(
          Array.from({ length: 704 }, (_, handle) => handle),
        );
      });

      test('can be told to carriers', async () => {
        const { store } = await openFilled();
        const terms: CarrierTerms = { campaign: 'C000001', brand: 'B1', attClass: 3, tmobileTier: 2, useCase: 'MIXED' };
        await expect(store.publishTerms([terms, { ...terms, campaign: 'C000002' }])).resolves.toBeUndefined();
        await expect(store.publishTerms([])).resolves.toBeUndefined();
      });
    });

    describe('NNIDs', () => {
      test('have rows from 0, given out once', async () => {
        const { store, other } = await openFilled();
        expect(await other.nnidRows(['100003', '000000', '100001', '000000'])).toEqual([2, 3, 0, 3]);
        expect(await store.nnids()).toEqual(['100001', '100002', '100003', '000000']);
      });

      test('asked for by two stores at once have one row each', async () => {
        const { store, other } = await openFilled();
        const nnids = Array.from({ length: 40 }, (_, n) => String(300_000 + n));
        const [mine, theirs] = await Promise.all([store.nnidRows(nnids), other.nnidRows(nnids.toReversed())]);
        expect(mine).toEqual(theirs.toReversed());
        expect(new Set(mine).size).toBe(40);
      });

      test('are six digits', async () => {
        const { store } = await openFilled();
        for (const nnid of ['12345', '1234567', '12345a', '']) {
          await expect(store.nnidRows(['100001', nnid])).rejects.toThrow(RangeError);
        }
        expect(await store.nnids()).toHaveLength(3);
      });
    });

    describe('history', () => {
      test('is not kept unless the store was told to', async () => {
        const { store } = await openFilled();
        expect(store.keepsHistory).toBe(false);
        await store.apply([set(1, 0), set(1, 1)], NOW);
        expect(await store.history(key(1))).toEqual([]);
      });

      test('tells what a number was registered to and when, also after its removal', async () => {
        const { store } = await openFilled({ history: true });
        expect(store.keepsHistory).toBe(true);
        await store.apply([set(1, 0, { nnid: 1 })], 1000);
        await store.apply([set(1, 2, { nnid: 2 })], 2000);
        expect(await store.history(key(1))).toEqual([
          { campaign: 0, nnid: 1, fromMs: 1000, untilMs: 2000 },
          { campaign: 2, nnid: 2, fromMs: 2000, untilMs: Infinity },
        ]);
        await store.apply([remove(1, ANY_NNID)], 3000);
        await store.apply([set(1, 2, { nnid: 2 })], 4000);
        expect(await store.history(key(1))).toEqual([
          { campaign: 0, nnid: 1, fromMs: 1000, untilMs: 2000 },
          { campaign: 2, nnid: 2, fromMs: 2000, untilMs: 3000 },
          { campaign: 2, nnid: 2, fromMs: 4000, untilMs: Infinity },
        ]);
        expect(await store.history(key(2))).toEqual([]);
      });

      test('joins what touches', async () => {
        const { store } = await openFilled({ history: true });
        await store.apply([set(1, 0)], 1000);
        await store.apply([set(1, 0)], 2000);
        await store.apply([set(1, 1), set(1, 0), remove(1), set(1, 0)], 3000);
        expect(await store.history(key(1))).toEqual([{ campaign: 0, nnid: 0, fromMs: 1000, untilMs: Infinity }]);
        await store.apply([set(1, 0, { nnid: 1 })], 4000);
        expect(await store.history(key(1))).toEqual([
          { campaign: 0, nnid: 0, fromMs: 1000, untilMs: 4000 },
          { campaign: 0, nnid: 1, fromMs: 4000, untilMs: Infinity },
        ]);
      });

      test('begins when a pending number is active, and not at all if it never is', async () => {
        const { store } = await openFilled({ history: true });
        await store.apply([set(1, 0, { activeAtMs: 5000 }), set(2, 0, { activeAtMs: 5000 })], 1000);
        expect(await store.history(key(1))).toEqual([{ campaign: 0, nnid: 0, fromMs: 5000, untilMs: Infinity }]);
        await store.apply([remove(1), set(2, 1, { activeAtMs: 6000 })], 2000);
        expect(await store.history(key(1))).toEqual([]);
        expect(await store.history(key(2))).toEqual([{ campaign: 1, nnid: 0, fromMs: 6000, untilMs: Infinity }]);
        await store.settle(6000);
        await store.apply([set(2, 1, { activeAtMs: 8000 })], 7000);
        expect(await store.history(key(2))).toEqual([
          { campaign: 1, nnid: 0, fromMs: 6000, untilMs: 7000 },
          { campaign: 1, nnid: 0, fromMs: 8000, untilMs: Infinity },
        ]);
      });

      test('knows nothing of what was refused or failed', async () => {
        const { store } = await openFilled({ history: true });
        await store.apply([set(1, 0, { numberLimit: 0 }), fail(2, 0), remove(3)], NOW);
        for (const n of [1, 2, 3]) expect(await store.history(key(n))).toEqual([]);
      });
    });

    describe('bad input', () => {
      const good = set(1, 0);
      const bad: readonly (readonly [string, NumberChange])[] = [
        ['key 1999999999', { ...good, key: 1_999_999_999 }],
        ['key 10000000000', { ...good, key: 10_000_000_000 }],
        ['key 2000000000.5', { ...good, key: 2_000_000_000.5 }],
        ['key NaN', { ...remove(1), key: Number.NaN }],
        ['campaign 4', { ...good, campaign: 4 }],
        ['campaign -2', { ...fail(1, 0), campaign: -2 }],
        ['campaign 0.5', { ...good, campaign: 0.5 }],
        ['nnid 3', { ...good, nnid: 3 }],
        ['nnid -1', { ...good, nnid: ANY_NNID }],
        ['nnid -2', remove(1, -2)],
        ['nnid 3', remove(1, 3)],
        ['activeAtMs NaN', { ...good, activeAtMs: Number.NaN }],
        ['activeAtMs 0.5', { ...good, activeAtMs: 0.5 }],
        ['activeAtMs -1', { ...good, activeAtMs: -1 }],
        ['activeAtMs Infinity', { ...good, activeAtMs: Infinity }],
        ['numberLimit NaN', { ...good, numberLimit: Number.NaN }],
        ['numberLimit -1', { ...good, numberLimit: -1 }],
        ['numberLimit 1.5', { ...good, numberLimit: 1.5 }],
        ['reason SOME', { ...fail(1, 0), reason: 'SOME' as never }],
      ];

      test.each(bad)('%s is refused by name, with all of its call', async (named, change) => {
        const { store } = await openFilled();
        await expect(store.apply([set(2, 0), change], NOW)).rejects.toThrow(RangeError);
        await expect(store.apply([set(2, 0), change], NOW)).rejects.toThrow(`change 1: ${named}`);
        expect(await store.read([key(1), key(2)])).toEqual([undefined, undefined]);
      });

      test('more changes than a call may have are refused', async () => {
        const { store } = await openFilled();
        const changes = Array.from({ length: CHANGES_MAX + 1 }, (_, n) => set(n, 0));
        await expect(store.apply(changes, NOW)).rejects.toThrow(RangeError);
        expect((await store.stats()).numbers).toBe(0);
      });

      test('a moment that is none is refused', async () => {
        const { store } = await openFilled();
        for (const nowMs of [Number.NaN, -1, 0.5, Infinity]) {
          await expect(store.apply([good], nowMs)).rejects.toThrow(RangeError);
          await expect(store.settle(nowMs)).rejects.toThrow(RangeError);
        }
      });

      test('a key that is none is refused', async () => {
        const { store } = await openFilled();
        await expect(store.read([key(1), 12])).rejects.toThrow(RangeError);
        await expect(store.history(12)).rejects.toThrow(RangeError);
      });
    });

    describe('position', () => {
      test('has one whole number per shard, and only grows', async () => {
        const { store } = await openFilled();
        const { position } = await store.apply([set(1, 0)], NOW);
        const again = (await store.apply([set(1, 1)], NOW)).position;
        expect(position.every((sequence) => Number.isInteger(sequence) && sequence >= 0)).toBe(true);
        expect(again).toHaveLength(position.length);
        expect(again.every((sequence, shard) => sequence >= position[shard]!)).toBe(true);
        expect((await store.apply([], NOW)).outcomes).toEqual([]);
      });
    });

    describe('any sequence of calls', () => {
      const change = fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({
            kind: fc.constant('set' as const),
            key: fc.nat(11).map(key),
            campaign: fc.nat(3),
            nnid: fc.nat(2),
            activeAtMs: fc.oneof(fc.constant(0), fc.nat(50_000)),
            numberLimit: fc.constantFrom(0, 1, 3, Infinity),
          }),
        },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('remove' as const),
            key: fc.nat(11).map(key),
            nnid: fc.integer({ min: ANY_NNID, max: 2 }),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({
            kind: fc.constant('fail' as const),
            key: fc.nat(11).map(key),
            campaign: fc.nat(3),
            nnid: fc.nat(2),
            reason: fc.constantFrom('CAMPAIGN_EXPIRED' as const, 'EXCEEDED_10DLC_LIMIT' as const),
          }),
        },
      );
      const call = fc.record({
        passedMs: fc.nat(5_000),
        changes: fc.array(change, { maxLength: 8 }),
        settles: fc.boolean(),
      });

      propertyTest.prop([fc.array(call, { maxLength: 12 })], { numRuns: 40 })(
        'answers as one plain object would',
        async (calls) => {
          const under = await openFilled({ history: true });
          const model = new PlainRegistry();
          let nowMs = 1;
          for (const { passedMs, changes, settles } of calls) {
            nowMs += passedMs;
            for (const batch of withLimitsAlone(changes)) {
              expect((await outcomes(under.store, batch, nowMs)).map((each) => comparable(each, nowMs))).toEqual(
                batch.map((each) => comparable(model.apply(each, nowMs), nowMs)),
              );
            }
            if (settles) await under.other.settle(nowMs);
          }
          const keys = Array.from({ length: 12 }, (_, n) => key(n));
          expect((await under.other.read(keys)).map((each) => settled(each, nowMs))).toEqual(
            keys.map((each) => settled(model.numbers.get(each), nowMs)),
          );
          expect((await scanned(under.store)).map((each) => settled(each, nowMs))).toEqual(
            [...model.numbers.values()].toSorted((a, b) => a.key - b.key).map((each) => settled(each, nowMs)),
          );
          for (const each of keys) {
            for (const nnid of [0, 1, 2]) {
              expect(await under.store.notice(each, nnid, nowMs)).toEqual(model.notices.get(`${each}/${nnid}`));
            }
          }
          await under.settleView();
          expect(keys.map((each) => under.view.find(each, nowMs))).toEqual(
            keys.map((each) => {
              const number = model.numbers.get(each);
              if (number === undefined) return NO_CAMPAIGN;
              return number.activeAtMs <= nowMs ? number.campaign : STILL_PENDING;
            }),
          );
          opened.splice(opened.indexOf(under), 1);
          await under.close();
        },
      );
    });
  });
}

const NOW = 1_700_000_000_000;
const LATER = NOW + 60_000;
const DONE: ChangeOutcome = { done: true, previous: undefined };
const OVER_LIMIT: ChangeOutcome = { done: false, refusal: 'number_limit' };
const NOT_REGISTERED: ChangeOutcome = { done: false, refusal: 'not_registered' };

/** The registry as the port describes it, with no thought for size or speed. */
class PlainRegistry {
  readonly numbers = new Map<number, NumberRecord>();
  readonly notices = new Map<string, Notice>();

  apply(change: NumberChange, nowMs: number): ChangeOutcome {
    const previous = this.numbers.get(change.key);
    if (change.kind === 'fail') {
      const { key: failed, campaign: asked, nnid, reason } = change;
      this.post({ kind: 'failed', key: failed, nnid, campaign: asked, reason, atMs: nowMs });
      return { done: true, previous };
    }
    if (change.kind === 'remove') {
      if (previous === undefined) {
        for (const nnid of change.nnid === ANY_NNID ? [0, 1, 2] : [change.nnid]) this.forget(change.key, nnid);
        return NOT_REGISTERED;
      }
      if (change.nnid !== ANY_NNID && change.nnid !== previous.nnid) return { done: false, refusal: 'other_nnid' };
      this.numbers.delete(change.key);
      for (const nnid of [0, 1, 2]) this.forget(change.key, nnid);
      return { done: true, previous };
    }
    const held = [...this.numbers.values()].filter((number) => number.campaign === change.campaign).length;
    if (previous?.campaign !== change.campaign && held >= change.numberLimit) return OVER_LIMIT;
    const { kind: _kind, numberLimit: _limit, ...number } = change;
    this.numbers.set(change.key, { ...number, activeAtMs: number.activeAtMs <= nowMs ? 0 : number.activeAtMs });
    this.forget(change.key, change.nnid);
    if (previous !== undefined && previous.nnid !== change.nnid) {
      const { key: taken, nnid, campaign: had } = previous;
      this.post({ kind: 'taken_over', key: taken, nnid, campaign: had, reason: undefined, atMs: nowMs });
    }
    return { done: true, previous };
  }

  private post(notice: Notice): void {
    this.notices.set(`${notice.key}/${notice.nnid}`, notice);
  }

  private forget(of: number, nnid: number): void {
    this.notices.delete(`${of}/${nnid}`);
  }
}

function campaign(id: string, other: Partial<CampaignRecord> = {}): CampaignRecord {
  return {
    id,
    status: 0b10111,
    operations: ['approved', 'approved', 'approved', 'review', 'approved'],
    standing: 'available',
    dca: 'ELITE',
    numberLimit: 49,
    expiresAtMs: Infinity,
    ...other,
  };
}

/** Numbers of tests are counted from 0. */
function key(n: number): number {
  return 2_125_550_000 + n;
}

function record(n: number, to: number, other: Partial<NumberRecord> = {}): NumberRecord {
  return { key: key(n), campaign: to, nnid: 0, activeAtMs: 0, ...other };
}

function set(n: number, to: number, other: Partial<SetNumber> = {}): SetNumber {
  return { kind: 'set', ...record(n, to), numberLimit: Infinity, ...other };
}

function remove(n: number, nnid = ANY_NNID): RemoveNumber {
  return { kind: 'remove', key: key(n), nnid };
}

function fail(n: number, to: number, other: Partial<FailNumber> = {}): FailNumber {
  return { kind: 'fail', key: key(n), campaign: to, nnid: 0, reason: 'CAMPAIGN_NOT_AVAILABLE', ...other };
}

function failure(n: number, to: number, other: Partial<FailNumber> = {}): Notice {
  const { kind: _kind, ...failed } = fail(n, to, other);
  return { kind: 'failed', ...failed, atMs: NOW };
}

async function outcomes(store: RegistryStore, changes: readonly NumberChange[], nowMs = NOW): Promise<ChangeOutcome[]> {
  return [...(await store.apply(changes, nowMs)).outcomes];
}

/** Everything a scan sees, once each, by key. */
async function scanned(store: RegistryStore): Promise<NumberRecord[]> {
  const seen = new Map<number, NumberRecord>();
  for await (const records of store.scan()) for (const each of records) seen.set(each.key, each);
  return [...seen.values()].toSorted((a, b) => a.key - b.key);
}

/** A moment that has come reads as it was written or as 0, by whether the store has settled it. */
function settled(number: NumberRecord | undefined, nowMs: number): NumberRecord | undefined {
  return number === undefined || number.activeAtMs > nowMs ? number : { ...number, activeAtMs: 0 };
}

function comparable(outcome: ChangeOutcome, nowMs: number): ChangeOutcome {
  return outcome.done ? { done: true, previous: settled(outcome.previous, nowMs) } : outcome;
}

/** Several calls where one would leave to the store which of two numbers a limit admits. */
function withLimitsAlone(changes: readonly NumberChange[]): readonly (readonly NumberChange[])[] {
  const batches: NumberChange[][] = [[]];
  for (const change of changes) {
    const isLimited = change.kind === 'set' && change.numberLimit !== Infinity;
    if (isLimited) batches.push([change], []);
    else batches.at(-1)!.push(change);
  }
  return batches;
}
