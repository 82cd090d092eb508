/** What every store of accounts promises. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundsOf } from '../router/index.ts';
import { type AccountStore, type KeptAccount, NOTHING_WRITTEN } from './account-store.ts';
import { AccountWebhooks } from './account-webhooks.ts';

export interface AccountStoreUnderTest {
  readonly store: AccountStore;
  close(): Promise<void>;
}

const MOST = 5;

const account = (id: string, own: Partial<KeptAccount> = {}): KeptAccount => ({
  id,
  isPrepaid: false,
  ...boundsOf('telnyx'),
  ...own,
});

/** @param open an empty store that takes so many accounts */
export function accountStoreContract(open: (accountsMax: number) => Promise<AccountStoreUnderTest>): void {
  let under: AccountStoreUnderTest;
  let store: AccountStore;
  beforeEach(async () => {
    under = await open(MOST);
    store = under.store;
  });
  afterEach(() => under.close());

  const all = async (): Promise<KeptAccount[]> =>
    [...((await store.changedSince('another mark'))?.accounts ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1));

  it('has nothing to tell while nothing was written', async () => {
    expect(await store.changedSince(NOTHING_WRITTEN)).toBeUndefined();
    expect(await all()).toEqual([]);
  });

  it('gives back what was put, whole, and says whether it was new', async () => {
    expect(await store.put(account('b'))).toBe('created');
    expect(await store.put(account('a@b.example', { isPrepaid: true, inFlightMax: 1_000_000_000 }))).toBe('created');
    expect(await store.put(account('b', { smsPerSecond: 7 }))).toBe('changed');
    expect(await all()).toEqual([
      account('a@b.example', { isPrepaid: true, inFlightMax: 1_000_000_000 }),
      account('b', { smsPerSecond: 7 }),
    ]);
  });

  it('declares an account once and leaves one that is there as it is', async () => {
    expect(await store.declare(account('a'))).toBe('created');
    expect(await store.declare(account('a', { smsPerSecond: 7 }))).toBe('there');
    expect(await all()).toEqual([account('a')]);
  });

  it('lets one of many declare an account that all declare at once', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map((rate) => store.declare(account('a', { smsPerSecond: rate }))));
    expect(outcomes.toSorted()).toEqual(['created', 'there', 'there', 'there']);
  });

  it('tells of changes since a mark, and of nothing when there were none', async () => {
    await store.put(account('a'));
    const first = await store.changedSince(NOTHING_WRITTEN);
    expect(first?.accounts).toEqual([account('a')]);
    expect(await store.changedSince(first!.mark)).toBeUndefined();
    await store.declare(account('a', { smsPerSecond: 7 }));
    expect(await store.changedSince(first!.mark)).toBeUndefined();
    await store.put(account('b'));
    const second = await store.changedSince(first!.mark);
    expect(second?.accounts).toHaveLength(2);
    expect(second?.mark).not.toBe(first!.mark);
    expect(await store.changedSince(second!.mark)).toBeUndefined();
  });

  it('has another mark after each of many writes in a row', async () => {
    const marks = new Set<string>();
    for (let rate = 1; rate <= 20; rate += 1) {
      await store.put(account('a', { smsPerSecond: rate }));
      marks.add((await store.changedSince(NOTHING_WRITTEN))!.mark);
    }
    expect(marks.size).toBe(20);
  });

  it('takes no more new accounts than it was told, and still changes those there are', async () => {
    const outcomes = await Promise.all(Array.from({ length: 2 * MOST }, (_, n) => store.put(account(`a${n}`))));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(MOST);
    expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(MOST);
    const there = await all();
    expect(there).toHaveLength(MOST);
    expect(await store.declare(account('late'))).toBe('full');
    expect(await store.put(account(there[0]!.id, { smsPerSecond: 7 }))).toBe('changed');
  });

  it('replaces what was read, unless somebody else changed it meanwhile', async () => {
    const webhook = { url: 'http://127.0.0.1:9/', secret: 'whsec_AAAA', isGone: false };
    await store.put(account('a', { webhook, inFlightMax: 1_000_000_000 }));
    const [read] = await all();
    expect(await store.replace(read!, { ...read!, smsPerSecond: 7 })).toBe(true);
    expect(await store.replace(read!, { ...read!, smsPerSecond: 8 })).toBe(false);
    expect(await store.replace(account('b'), account('b'))).toBe(false);
    expect(await all()).toEqual([account('a', { webhook, inFlightMax: 1_000_000_000, smsPerSecond: 7 })]);
  });

  it('is told by one gateway that a webhook is gone, once, and only of the address it still has', async () => {
    const webhook = { url: 'http://127.0.0.1:9/old', secret: 'whsec_AAAA', isGone: false };
    await store.put(account('a', { webhook }));
    const webhooks = new AccountWebhooks(store);
    await Promise.all([
      webhooks.gone('a', webhook.url),
      webhooks.gone('a', webhook.url),
      webhooks.gone('b', webhook.url),
    ]);
    expect(webhooks.of('a')).toEqual({ ...webhook, isGone: true });
    expect(await all()).toEqual([account('a', { webhook: { ...webhook, isGone: true } })]);
    const anew = account('a', { webhook: { ...webhook, url: 'http://127.0.0.1:9/new' } });
    await store.put(anew);
    await webhooks.gone('a', webhook.url);
    expect(await all()).toEqual([anew]);
  });

  it('shares no object with those who write and read', async () => {
    const mine = { ...account('a') };
    await store.put(mine);
    mine.smsPerSecond = 1;
    expect(await all()).toEqual([account('a')]);
  });
}
