import { describe, expect, it } from 'vitest';
import type { BalanceStore, Balances } from '../../tariffs/index.ts';
import { type Account, boundsOf, type Core, type Timers } from '../router/index.ts';
import { coreUnderTest } from '../router/world-under-test.ts';
import { ACCOUNTS_POLL_MS, AccountStoreUnavailable } from './account-store.ts';
import { Accounts, type Declared } from './accounts.ts';
import { MemoryAccountStore } from './memory-account-store.ts';
import { MemoryBalanceStore } from './memory-balance-store.ts';

const account = (id: string, own: Partial<Account> = {}): Account => ({
  id,
  isPrepaid: true,
  ...boundsOf(undefined),
  ...own,
});

interface OneGateway {
  readonly core: Core;
  readonly accounts: Accounts;
  readonly balances: BalanceStore;
  readonly complaints: string[];
}

function gatewayOn(store: MemoryAccountStore, declared: readonly Declared[] = [], shared?: BalanceStore): OneGateway {
  const core = coreUnderTest();
  const balances = shared ?? new MemoryBalanceStore(core.accounts, core.limits.accountBalance as Balances);
  const complaints: string[] = [];
  const onDeclaredOtherwise = (id: string, what: string): void => void complaints.push(`${id}: ${what}`);
  return {
    core,
    balances,
    complaints,
    accounts: new Accounts({ core, store, balances, declared, onDeclaredOtherwise }),
  };
}

/** Timers of which the test runs the one there is. */
class OneTimer implements Timers {
  periodMs = 0;
  tick: () => void = () => undefined;
  isStopped = false;

  every(periodMs: number, run: () => void): () => void {
    this.periodMs = periodMs;
    this.tick = run;
    return () => (this.isStopped = true);
  }

  after(): () => void {
    throw new Error('nothing here waits once');
  }
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what is declared', () => {
  const declared = [
    { account: account('a'), balanceMicros: 5 },
    { account: account('b', { isPrepaid: false }), balanceMicros: 0 },
  ];

  it('is known from the start, with its balance', async () => {
    const { core, accounts, balances } = gatewayOn(new MemoryAccountStore(), declared);
    await accounts.open();
    expect([...core.accounts].map(({ id }) => id)).toEqual(['a', 'b']);
    expect((await balances.money('a')).balanceMicros).toBe(5);
    expect(accounts.find('b')).toEqual(account('b', { isPrepaid: false }));
    expect(accounts.find('c')).toBeUndefined();
  });

  it('is written and paid in once, whichever gateways start; what was changed since stays, and is told', async () => {
    const store = new MemoryAccountStore();
    const one = gatewayOn(store, declared);
    await one.accounts.open();
    await one.accounts.put(account('b', { isPrepaid: false, smsPerSecond: 9 }));
    const two = gatewayOn(store, declared, one.balances);
    await two.accounts.open();
    expect((await one.balances.money('a')).balanceMicros).toBe(5);
    expect(two.accounts.find('b')?.smsPerSecond).toBe(9);
    expect(two.complaints).toEqual(['b: its definition in the store is another and stays in force']);
  });

  it('is paid in when the account is first declared, and never again while it is there', async () => {
    const store = new MemoryAccountStore();
    const one = gatewayOn(store, declared);
    await one.accounts.open();
    const forgetful: BalanceStore = {
      credit: () => expect.unreachable('the account is there'),
      money: (id) => one.balances.money(id),
    };
    const two = gatewayOn(store, [{ account: account('a'), balanceMicros: 6 }], forgetful);
    await two.accounts.open();
    expect((await two.accounts.money('a')).balanceMicros).toBe(5);
  });

  it('is paid in once by gateways that start together, and one with another amount is told', async () => {
    const store = new MemoryAccountStore();
    const one = gatewayOn(store, declared);
    await one.accounts.open();
    const emptied = new MemoryAccountStore();
    const two = gatewayOn(emptied, declared, one.balances);
    const three = gatewayOn(new MemoryAccountStore(), [{ account: account('a'), balanceMicros: 6 }], one.balances);
    await Promise.all([two.accounts.open(), three.accounts.open()]);
    expect((await one.balances.money('a')).balanceMicros).toBe(5);
    expect(two.complaints).toEqual([]);
    expect(three.complaints).toEqual([
      'a: its balance was declared with another amount before, and is not paid in again',
    ]);
  });

  it('is told when there is no room for it', async () => {
    const { accounts, complaints } = gatewayOn(new MemoryAccountStore(1), declared);
    await accounts.open();
    expect(new Set(complaints)).toEqual(new Set(['b: the store has no room for it, so only this gateway knows it']));
  });

  it('is written again to a store that lost it', async () => {
    const store = new MemoryAccountStore();
    const { accounts } = gatewayOn(store, declared);
    await accounts.open();
    const emptied = new MemoryAccountStore();
    store.changedSince = emptied.changedSince.bind(emptied);
    store.declare = emptied.declare.bind(emptied);
    await accounts.refresh();
    expect((await emptied.changedSince('any'))?.accounts.map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('changes', () => {
  it('of another gateway are seen at the next look, and the new account has its limits', async () => {
    const store = new MemoryAccountStore();
    const [one, two] = [gatewayOn(store), gatewayOn(store)];
    await one.accounts.open();
    await two.accounts.open();
    const timer = new OneTimer();
    const stop = two.accounts.follow(timer, () => expect.unreachable('the store answers'));
    expect(timer.periodMs).toBe(ACCOUNTS_POLL_MS);
    expect(ACCOUNTS_POLL_MS).toBeLessThanOrEqual(500);

    expect(await one.accounts.put(account('a', { inFlightMax: 1 }))).toBe('created');
    expect(one.accounts.find('a')).toEqual(account('a', { inFlightMax: 1 }));
    expect(two.accounts.find('a')).toBeUndefined();
    timer.tick();
    await soon();
    expect(two.accounts.find('a')).toEqual(account('a', { inFlightMax: 1 }));
    const ask = { units: 1, atMs: 0, uptimeMs: 0, senderKey: 0, destinationKey: 0 };
    expect(two.core.limits.accountInFlight.waitMs(two.core.accounts.find('a'), 1, ask)).toBe(0);
    stop();
    expect(timer.isStopped).toBe(true);
  });

  it('made here are seen here at once, however many are made at the same time', async () => {
    const { core, accounts } = gatewayOn(new MemoryAccountStore());
    await accounts.open();
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        await accounts.put(account(`a${n % 10}`, { smsPerSecond: n + 1 }));
        expect(accounts.find(`a${n % 10}`)).toBeDefined();
      }),
    );
    expect(core.accounts.count).toBe(10);
  });

  it('an outage of the store is told once, and what was missed is seen when it is over', async () => {
    const store = new MemoryAccountStore();
    const { accounts } = gatewayOn(store);
    await accounts.open();
    const timer = new OneTimer();
    const outages: unknown[] = [];
    accounts.follow(timer, (error) => outages.push(error));
    let isAway = true;
    const asStore = store.changedSince.bind(store);
    store.changedSince = (mark) =>
      isAway ? Promise.reject(new AccountStoreUnavailable({ cause: 'away' })) : asStore(mark);
    for (let n = 0; n < 3; n += 1) {
      timer.tick();
      await soon();
    }
    expect(outages).toHaveLength(1);
    isAway = false;
    await store.put(account('a'));
    timer.tick();
    await soon();
    expect(accounts.find('a')).toBeDefined();
  });
});

it('a store of balances that fails is answered as one that is away', async () => {
  const failing: BalanceStore = {
    credit: () => Promise.reject(new Error('Redis')),
    money: () => Promise.reject(new Error('Redis')),
  };
  const { accounts } = gatewayOn(new MemoryAccountStore(), [{ account: account('a'), balanceMicros: 5 }], failing);
  await expect(accounts.open()).rejects.toBeInstanceOf(AccountStoreUnavailable);
  await expect(accounts.money('a')).rejects.toBeInstanceOf(AccountStoreUnavailable);
});
