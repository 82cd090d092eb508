/**
 * What DCAs are to be told of numbers, kept in this process. A number has at most one notice for an NNID, the latest.
 */
import { type Notice, NOTICE_LIFE_MS } from './registry-store.ts';

export class Notices {
  /** By row of an NNID: its notices by number, in the order they were posted. */
  private readonly byRow = new Map<number, Map<number, Notice>>();
  /** By number: the rows that have a notice about it. */
  private readonly rowsOf = new Map<number, readonly number[]>();

  /** All notices, by row and then by number, in the order they were posted. */
  capture(): ReadonlyMap<number, ReadonlyMap<number, Notice>> {
    return this.byRow;
  }

  /** Holds the notices that another captured, and no others. */
  restore(byRow: ReadonlyMap<number, ReadonlyMap<number, Notice>>): void {
    this.byRow.clear();
    this.rowsOf.clear();
    for (const ofRow of byRow.values()) for (const notice of ofRow.values()) this.post(notice);
  }

  post(notice: Notice): void {
    this.drop(notice.key, notice.nnid);
    const ofRow = this.byRow.get(notice.nnid);
    if (ofRow === undefined) this.byRow.set(notice.nnid, new Map([[notice.key, notice]]));
    else ofRow.set(notice.key, notice);
    this.rowsOf.set(notice.key, [...(this.rowsOf.get(notice.key) ?? []), notice.nnid]);
  }

  drop(key: number, nnid: number): void {
    const rows = this.rowsOf.get(key);
    if (rows === undefined || !rows.includes(nnid)) return;
    this.byRow.get(nnid)?.delete(key);
    if (rows.length === 1) this.rowsOf.delete(key);
    else
      this.rowsOf.set(
        key,
        rows.filter((row) => row !== nnid),
      );
  }

  /** Drops every notice about a number. */
  dropAll(key: number): void {
    for (const row of this.rowsOf.get(key) ?? []) this.byRow.get(row)?.delete(key);
    this.rowsOf.delete(key);
  }

  find(key: number, nnid: number, nowMs: number): Notice | undefined {
    const notice = this.byRow.get(nnid)?.get(key);
    return notice !== undefined && isAlive(notice, nowMs) ? notice : undefined;
  }

  /** Newest first. Cost: all notices of the NNID are walked. */
  list(nnid: number, limit: number, nowMs: number): readonly Notice[] {
    const notices = [...(this.byRow.get(nnid)?.values() ?? [])].filter((notice) => isAlive(notice, nowMs));
    return notices.sort((a, b) => b.atMs - a.atMs).slice(0, limit);
  }

  /** Forgets what is over. Cost: what is forgotten, and one look per NNID. */
  settle(nowMs: number): void {
    for (const ofRow of this.byRow.values()) {
      for (const notice of ofRow.values()) {
        if (isAlive(notice, nowMs)) break;
        this.drop(notice.key, notice.nnid);
      }
    }
  }
}

/** Whether a notice is not over yet. */
export function isAlive(notice: Notice, nowMs: number): boolean {
  return nowMs - notice.atMs < NOTICE_LIFE_MS;
}
