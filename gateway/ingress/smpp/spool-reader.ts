/**
 * Fetches receipts out of their spools for ESMEs that are bound here to receive, as many as they can take soon, and tells what they took.
 *
 * What a session has not acknowledged stays this gateway's while its ESME is bound here, and is given back when it is not: then it may be
 * bound elsewhere. What is told late, or not because this process dies, is sent again.
 */
import { SPOOL_NAMES_AT_ONCE, SPOOL_READ_MAX, SPOOL_READER_MS } from '../../limits.ts';
import type { ReceiptFormat } from '../../smpp/index.ts';
import type { Esme, Esmes } from './esmes.ts';
import type { PostOffice } from './post-office.ts';
import type { Receipt } from './receipt.ts';
import { readSpooled, type Spool } from './spool.ts';

export interface SpoolReaderParts {
  readonly spool: Spool;
  readonly esmes: Esmes;
  readonly postOffice: PostOffice;
  readonly format: ReceiptFormat;
  /** The machine's time. */
  readonly machineNowMs: () => number;
}

type IdsByName = Map<string, string[]>;

/** A reader is to be heard of several times in its life. */
const SIGN_OF_LIFE_MS = SPOOL_READER_MS / 5;

export class SpoolReader {
  readonly #parts: SpoolReaderParts;
  readonly #taken: IdsByName = new Map();
  readonly #back: IdsByName = new Map();
  #looking: Promise<void> | undefined;
  /** When it was read last, as far as it was. */
  #readMs: number | undefined;
  /** Where the next look begins among the ESMEs that receive. */
  #first = 0;

  constructor(parts: SpoolReaderParts) {
    this.#parts = parts;
  }

  /** A receipt is done with. */
  settled({ systemId }: Esme, { spoolId }: Receipt): void {
    if (spoolId !== undefined) add(this.#taken, systemId, [spoolId]);
  }

  /** Tells what was taken and fetches more, unless it is about to. */
  look(): void {
    if (this.#looking !== undefined) return;
    this.#looking = this.#look().finally(() => (this.#looking = undefined));
  }

  /** Tells what was taken and gives back all else; sessions have ended. */
  async close(): Promise<void> {
    await this.#looking;
    for (const esme of this.#parts.esmes) this.#giveBack(esme);
    await this.#tell();
  }

  /** Never rejects: while nobody answers, what is to be told waits. */
  async #look(): Promise<void> {
    const receiving: Esme[] = [];
    for (const esme of this.#parts.esmes) {
      if (isReceiving(esme)) receiving.push(esme);
      else if (esme.mailbox.count > 0) this.#giveBack(esme);
    }
    await this.#tell();
    try {
      await this.#read(receiving);
    } catch {
      // There is another look.
    }
  }

  #giveBack(esme: Esme): void {
    const ids = this.#parts.postOffice.takeSpooled(esme).flatMap(({ spoolId }) => spoolId ?? []);
    if (ids.length > 0) add(this.#back, esme.systemId, ids);
  }

  async #tell(): Promise<void> {
    const { spool } = this.#parts;
    await Promise.all([
      tellEach(this.#taken, (name, ids) => spool.taken(name, ids)),
      tellEach(this.#back, (name, ids) => spool.giveBack(name, ids)),
    ]);
  }

  async #read(receiving: readonly Esme[]): Promise<void> {
    const { spool, postOffice, format, machineNowMs } = this.#parts;
    const nowMs = machineNowMs();
    const wanting: Esme[] = [];
    let looked = 0;
    // Half of the room is left to what sessions put back.
    const room = Math.floor(postOffice.room / 2);
    for (; looked < receiving.length && wanting.length < Math.min(SPOOL_NAMES_AT_ONCE, room); looked += 1) {
      const esme = receiving[(this.#first + looked) % receiving.length]!;
      if (esme.mailbox.count < SPOOL_READ_MAX) wanting.push(esme);
    }
    this.#first = receiving.length === 0 ? 0 : (this.#first + looked) % receiving.length;
    const isQuiet = this.#readMs !== undefined && nowMs - this.#readMs >= SIGN_OF_LIFE_MS;
    if (wanting.length === 0 && !isQuiet) return;
    const names = wanting.map(({ systemId }) => systemId);
    const count = wanting.length === 0 ? 0 : Math.min(SPOOL_READ_MAX, Math.floor(room / wanting.length));
    const lists = await spool.read(names, count);
    this.#readMs = nowMs;
    for (const [place, esme] of wanting.entries()) {
      for (const entry of lists[place] ?? []) {
        const receipt = readSpooled(entry, format, nowMs);
        if (receipt === undefined) add(this.#taken, esme.systemId, [entry.id]);
        else postOffice.add(esme, receipt);
      }
    }
  }
}

function isReceiving({ sessions }: Esme): boolean {
  for (const { canReceive } of sessions) if (canReceive) return true;
  return false;
}

function add(to: IdsByName, name: string, ids: readonly string[]): void {
  const found = to.get(name);
  if (found === undefined) to.set(name, [...ids]);
  else found.push(...ids);
}

/** Tells of all; what could not be told is there to be told again. */
async function tellEach(all: IdsByName, tell: (name: string, ids: readonly string[]) => Promise<void>): Promise<void> {
  const untold = [...all];
  all.clear();
  await Promise.all(untold.map(([name, ids]) => tell(name, ids).catch(() => add(all, name, ids))));
}
