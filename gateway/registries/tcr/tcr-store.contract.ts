/** What every store of the campaign registry promises. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Reseller } from './model.ts';
import { change, CLAIM_MS, type TcrStore } from './tcr-store.ts';

export interface StoreUnderTest {
  readonly store: TcrStore;
  close(): Promise<void>;
}

const reseller = (companyName: string): Reseller => ({
  resellerId: 'R000001',
  cspId: 'SDEMO01',
  companyName,
  phone: '+12025550100',
  email: 'a@example.com',
});

export function tcrStoreContract(open: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: TcrStore;
  beforeEach(async () => {
    under = await open();
    store = under.store;
  });
  afterEach(() => under.close());

  it('gives back what was put, with its version, apart from other kinds and ids', async () => {
    expect(await store.get('reseller', 'R000001')).toBeUndefined();
    expect(await store.put('reseller', 'R000001', reseller('Größe | "quoted"'), 0)).toBe(true);
    expect(await store.get('reseller', 'R000001')).toEqual({ value: reseller('Größe | "quoted"'), version: 1 });
    expect(await store.get('reseller', 'R000002')).toBeUndefined();
    expect(await store.get('brand', 'R000001')).toBeUndefined();
  });

  it('writes what is new only once', async () => {
    const put = await Promise.all([1, 2, 3, 4].map((n) => store.put('name', 'id/C000001', { takenBy: String(n) }, 0)));
    expect(put.filter(Boolean)).toHaveLength(1);
  });

  it('refuses to write over what somebody else wrote since', async () => {
    await store.put('reseller', 'R000001', reseller('first'), 0);
    expect(await store.put('reseller', 'R000001', reseller('second'), 1)).toBe(true);
    expect(await store.put('reseller', 'R000001', reseller('late'), 1)).toBe(false);
    expect(await store.put('reseller', 'R000001', reseller('early'), 3)).toBe(false);
    expect(await store.get('reseller', 'R000001')).toMatchObject({ value: { companyName: 'second' }, version: 2 });
  });

  it('loses no change of many that are made at once', async () => {
    await store.put('reseller', 'R000001', reseller(''), 0);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        change(store, 'reseller', 'R000001', (one) => ({ ...one, companyName: `${one.companyName}+` })),
      ),
    );
    expect((await store.get('reseller', 'R000001'))?.value.companyName).toBe('+'.repeat(20));
  });

  it('leaves alone what an edit leaves alone, and what is not there', async () => {
    await store.put('reseller', 'R000001', reseller('same'), 0);
    expect(await change(store, 'reseller', 'R000001', () => undefined)).toBeUndefined();
    expect(await change(store, 'reseller', 'R000009', (one) => one)).toBeUndefined();
    expect((await store.get('reseller', 'R000001'))?.version).toBe(1);
  });

  it('forgets what is deleted', async () => {
    await store.put('reseller', 'R000001', reseller('gone'), 0);
    await store.delete('reseller', 'R000001');
    await store.delete('reseller', 'R000001');
    expect(await store.get('reseller', 'R000001')).toBeUndefined();
    expect(await store.list('reseller')).toEqual([]);
  });

  it('lists all of a kind', async () => {
    for (const id of ['R1', 'R2', 'R3']) await store.put('reseller', id, reseller(id), 0);
    expect((await store.list('reseller')).map(({ companyName }) => companyName).sort()).toEqual(['R1', 'R2', 'R3']);
    expect(await store.list('campaign')).toEqual([]);
  });

  it('counts each counter from 1, each number once', async () => {
    const numbers = await Promise.all(Array.from({ length: 10 }, () => store.nextNumber('id:B')));
    expect(numbers.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await store.nextNumber('id:C')).toBe(1);
  });

  it('hands out what is due, earliest first, and nothing before its time', async () => {
    await store.schedule('late', 300);
    await store.schedule('early', 100);
    await store.schedule('middle', 200);
    expect((await store.takeDue(250, 10)).map(({ task }) => task)).toEqual(['early', 'middle']);
    expect((await store.takeDue(300, 10)).map(({ task }) => task)).toEqual(['late']);
  });

  it('moves a task that is scheduled again', async () => {
    await store.schedule('task', 100);
    await store.schedule('task', 500);
    expect(await store.takeDue(499, 10)).toEqual([]);
    expect(await store.takeDue(500, 10)).toHaveLength(1);
  });

  it('gives each task to one of many who ask at once', async () => {
    for (let n = 0; n < 30; n += 1) await store.schedule(`task-${n}`, n);
    const taken = (await Promise.all([1, 2, 3, 4].map(() => store.takeDue(100, 10)))).flat();
    expect(new Set(taken.map(({ task }) => task)).size).toBe(taken.length);
    expect(taken).toHaveLength(30);
  });

  it('gives a task that was claimed and not finished to another, later', async () => {
    await store.schedule('task', 100);
    const [claim] = await store.takeDue(100, 10);
    expect(await store.takeDue(100 + CLAIM_MS - 1, 10)).toEqual([]);
    expect((await store.takeDue(100 + CLAIM_MS, 10)).map(({ task }) => task)).toEqual(['task']);
    expect(claim).toEqual({ task: 'task', untilMs: 100 + CLAIM_MS });
  });

  it('forgets a finished task, but not one that was scheduled anew meanwhile', async () => {
    await store.schedule('done', 100);
    await store.schedule('again', 100);
    const claims = await store.takeDue(100, 10);
    await store.schedule('again', 5_000);
    for (const claim of claims) await store.finish(claim);
    expect((await store.takeDue(Number.MAX_SAFE_INTEGER - CLAIM_MS, 10)).map(({ task }) => task)).toEqual(['again']);
  });
}
