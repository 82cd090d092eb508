/** What all parts of the campaign registry work with, and the few things they all do: new ids, seeded chance, postings. */
import type { Fee } from '../../../tariffs/index.ts';
import { type Clock, namedStream, type Rng } from '../../router/index.ts';
import { refused } from './errors.ts';
import type { Events } from './events.ts';
import type { Fees } from './fees.ts';
import type { Brand, Campaign, FeePosting, Party } from './model.ts';
import type { Publisher } from './publisher.ts';
import { type Delay, drawDelay, type TcrSettings } from './settings.ts';
import type { TcrStore } from './tcr-store.ts';

export interface Registry {
  readonly store: TcrStore;
  readonly clock: Clock;
  readonly seed: number;
  readonly settings: TcrSettings;
  readonly fees: Fees;
  readonly tariffDateMs: () => number;
  readonly parties: ReadonlyMap<string, Party>;
  readonly events: Events;
  readonly publisher: Publisher;
  /** Told of each fee that this gateway posted. */
  readonly onFee: (posting: FeePosting) => void;
}

/** What is left in the queue while something is written, in case the writer dies before it could say when. */
const IN_CASE_MS = 30_000;

export interface Timed {
  readonly task: string;
  readonly atMs: number;
}

/**
 * Writes something that tasks are to follow. They are in the queue before it is written, so that none is ever missing, but
 * not due before it is: a task that found nothing to do would be gone.
 */
export async function withTasks<T>(registry: Registry, tasks: readonly Timed[], write: () => Promise<T>): Promise<T> {
  const notBeforeMs = registry.clock.nowMs() + IN_CASE_MS;
  for (const { task, atMs } of tasks) await registry.store.schedule(task, Math.max(atMs, notBeforeMs));
  const written = await write();
  for (const { task, atMs } of tasks) await registry.store.schedule(task, atMs);
  return written;
}

const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const ID_LETTERS_COUNT = 6;

/** The stream of one draw. Its name makes it the same in every gateway, whichever of them draws. */
export function chanceOf(registry: Registry, name: string): Rng {
  return namedStream(registry.seed, `tcr:${name}`);
}

/** When something that takes this long will be over. */
export function dueMs(registry: Registry, name: string, delay: Delay): number {
  return registry.clock.nowMs() + drawDelay(chanceOf(registry, name), delay, registry.settings.timeScale);
}

/** An id that nobody had before: `prefix` and six capital letters or digits. */
export async function newId(registry: Registry, prefix: 'B' | 'C' | 'R'): Promise<string> {
  for (;;) {
    const count = await registry.store.nextNumber(`id:${prefix}`);
    const id = prefix + drawText(chanceOf(registry, `id:${prefix}:${count}`), ID_LETTERS, ID_LETTERS_COUNT);
    if (await takeName(registry, `id/${id}`, prefix)) return id;
  }
}

export function drawText(rng: Rng, letters: string, count: number): string {
  return Array.from({ length: count }, () => letters[Math.floor(rng.next() * letters.length)]).join('');
}

/** Takes a name for good; false if it is taken. */
export function takeName(registry: Registry, name: string, takenBy: string): Promise<boolean> {
  return registry.store.put('name', name, { takenBy }, 0);
}

/** Takes a caller's own reference, which may be used once; case does not matter. The function gives it back. */
export async function takeReference(
  registry: Registry,
  cspId: string,
  kind: 'brand' | 'campaign',
  referenceId: string | undefined,
): Promise<() => Promise<void>> {
  if (referenceId === undefined) return () => Promise.resolve();
  const name = `reference/${cspId}/${kind}/${referenceId.toLowerCase()}`;
  if (!(await takeName(registry, name, cspId))) {
    throw refused('duplicate', 'referenceId', `Duplicate record: ${kind} with this referenceId exists`);
  }
  return () => registry.store.delete('name', name);
}

/**
 * Posts a fee once, however often it is tried: `occasion` tells one time from another. Nothing is posted where the
 * book has no such fee at the tariff date, nor for a fee of nothing.
 */
export async function postFee(
  registry: Registry,
  fee: Fee | undefined,
  posting: { payer: string; payee?: string; subject: string; occasion: number | string; times?: number },
): Promise<void> {
  if (fee === undefined || fee.amountMicros === 0) return;
  const id = `${fee.id}/${posting.subject}/${posting.occasion}`;
  const value: FeePosting = {
    atMs: registry.clock.nowMs(),
    payer: posting.payer,
    payee: posting.payee ?? fee.payee,
    cause: fee.id,
    micros: fee.amountMicros * (posting.times ?? 1),
    subject: posting.subject,
  };
  if (await registry.store.put('posting', id, value, 0)) registry.onFee(value);
}

/** A brand of this party; refuses what is deleted, of somebody else, or unknown all alike. */
export async function brandOf(registry: Registry, party: Party, brandId: string): Promise<Brand> {
  const found = await registry.store.get('brand', brandId);
  if (found === undefined || found.value.cspId !== party.id || found.value.status === 'DELETED') {
    throw refused('notFound', 'brandId', 'Brand not found');
  }
  return found.value;
}

/** A campaign that this party registered. */
export async function campaignOf(registry: Registry, party: Party, campaignId: string): Promise<Campaign> {
  const found = await registry.store.get('campaign', campaignId);
  if (found === undefined || found.value.cspId !== party.id) throw noCampaign();
  return found.value;
}

/** Refuses a campaign that is over. */
export function requireActive(campaign: Campaign): void {
  if (campaign.status === 'EXPIRED') throw refused('campaignExpired', 'campaignId');
}

export function noCampaign(): Error {
  return refused('notFound', 'campaignId', 'Campaign not found');
}

export function requireCsp(party: Party): void {
  if (party.kind !== 'csp') throw refused('notAllowed', null, 'Only a service provider (CSP) may do this');
}
