import { beforeEach, expect, it } from 'vitest';
import { emptyDraft, MessageStore, ReceiptState } from '../../messages/index.ts';
import { MessageSlot } from '../../router/index.ts';
import { MessageStateValue, PLAIN_RECEIPT, Status } from '../../smpp/index.ts';
import { SPOOL_READER_MS } from '../../limits.ts';
import { type Bind, Esmes } from './esmes.ts';
import { PostOffice } from './post-office.ts';
import type { Receipt } from './receipt.ts';
import { receiptFor, type Spool, type SpoolEntry, spooledReceipts } from './spool.ts';
import { SpoolReader } from './spool-reader.ts';

/** Hands out what lies there, and remembers what it was told; is away if a test says so. */
class SpoolUnderTest implements Spool {
  readonly waiting = new Map<string, SpoolEntry[]>();
  readonly told: string[] = [];
  reads = 0;
  isAway = false;

  read(names: readonly string[], count: number): Promise<SpoolEntry[][]> {
    this.reads += 1;
    if (this.isAway) return Promise.reject(new Error('away'));
    return Promise.resolve(names.map((name) => this.waiting.get(name)?.splice(0, count) ?? []));
  }

  taken(name: string, ids: readonly string[]): Promise<void> {
    return this.#tell(`${name} took ${ids.join(' ')}`);
  }

  giveBack(name: string, ids: readonly string[]): Promise<void> {
    return this.#tell(`${name} left ${ids.join(' ')}`);
  }

  #tell(what: string): Promise<void> {
    if (this.isAway) return Promise.reject(new Error('away'));
    this.told.push(what);
    return Promise.resolve();
  }
}

class Receiver implements Bind {
  readonly canReceive: boolean;
  readonly taken: Receipt[] = [];
  room = 100;

  constructor(canReceive: boolean) {
    this.canReceive = canReceive;
  }

  get hasRoom(): boolean {
    return this.canReceive && this.taken.length < this.room;
  }

  deliver(receipt: Receipt): void {
    this.taken.push(receipt);
  }
}

let nowMs: number;
let spool: SpoolUnderTest;
let esmes: Esmes;
let office: PostOffice;
let reader: SpoolReader;

beforeEach(() => {
  nowMs = 0;
  spool = new SpoolUnderTest();
  esmes = new Esmes([], true);
  const machineNowMs = (): number => nowMs;
  office = new PostOffice(esmes, machineNowMs, () => undefined, {
    onSettled: (esme, receipt) => reader.settled(esme, receipt),
  });
  reader = new SpoolReader({ spool, esmes, postOffice: office, format: PLAIN_RECEIPT, machineNowMs });
});

async function look(): Promise<void> {
  reader.look();
  await new Promise((resolve) => setTimeout(resolve, 5));
}

function esmeNamed(systemId: string, bind: Bind): ReturnType<Esmes['at']> {
  const esme = esmes.named(systemId)!;
  esme.sessions.add(bind);
  return esme;
}

function entry(id: string): SpoolEntry {
  return { id, receipt: JSON.stringify([`M${id}`, 2_125_550_100, 2_125_550_101, 'hi', 0, 1, -1, 6, 0, 5]) };
}

it('sends what waits for an ESME that is bound here to receive, and tells what it took', async () => {
  const bind = new Receiver(true);
  const esme = esmeNamed('one', bind);
  esmeNamed('other', new Receiver(false));
  for (const name of ['one', 'other', 'nobody']) spool.waiting.set(name, [entry('1'), entry('2')]);
  await look();
  expect(bind.taken.map(({ id, spoolId }) => [id, spoolId])).toEqual([
    ['M1', '1'],
    ['M2', '2'],
  ]);
  expect([...spool.waiting.values()].map((left) => left.length)).toEqual([0, 2, 2]);
  office.answered(esme, bind.taken[0]!, Status.Ok);
  office.answered(esme, bind.taken[1]!, Status.ReceiverReject);
  await look();
  expect(spool.told).toEqual(['one took 1 2']);
});

it('gives back what the last session that receives has left, and tells again while the spool was away', async () => {
  const bind = new Receiver(true);
  const esme = esmeNamed('one', bind);
  bind.room = 2;
  spool.waiting.set('one', [entry('1'), entry('2'), entry('3')]);
  await look();
  expect(bind.taken).toHaveLength(2);
  office.answered(esme, bind.taken[0]!, Status.Ok);
  esme.sessions.delete(bind);
  office.putBack(esme, bind.taken.slice(1));
  spool.isAway = true;
  await look();
  expect(office.figures().waiting).toBe(0);
  spool.isAway = false;
  await look();
  expect(spool.told).toEqual(['one took 1', 'one left 2 3']);
});

it('takes what is no receipt for done', async () => {
  esmeNamed('one', new Receiver(true));
  spool.waiting.set('one', [
    { id: '1', receipt: '{' },
    { id: '2', receipt: 'null' },
  ]);
  await look();
  await look();
  expect(spool.told).toEqual(['one took 1 2']);
});

it('gives a sign of life while nobody has room, and none before it has read anything', async () => {
  await look();
  expect(spool.reads).toBe(0);
  const bind = new Receiver(true);
  bind.room = 0;
  esmeNamed('one', bind);
  spool.waiting.set(
    'one',
    Array.from({ length: 3_000 }, (_, place) => entry(String(place))),
  );
  await look();
  await look();
  expect(spool.reads).toBe(1);
  nowMs += SPOOL_READER_MS / 5;
  await look();
  expect(spool.reads).toBe(2);
  expect(spool.waiting.get('one')).toHaveLength(2_000);
  await reader.close();
  expect(spool.told).toHaveLength(1);
});

it('reads what workers write, of messages that asked for it', () => {
  const store = new MessageStore(4, 'RUN');
  const slot = new MessageSlot();
  const add = (own: string | undefined): number => store.add({ ...emptyDraft(), text: 'hi', receiptFor: own }, slot);
  const wanted = add(receiptFor('an id', 1, 0x1234));
  const named = add(receiptFor('id', 1, -1, 'M0-7'));
  const refused = add(receiptFor('id', 2, -1));
  const others = add(undefined);
  const all = [wanted, named, refused, others].map((at) => ({ at }));
  expect(spooledReceipts(store, all)).toEqual([]);
  for (const { at } of all) store.recordReceipt(at, ReceiptState.Accepted, 9);
  const written = spooledReceipts(store, all);
  expect(written.map(({ name, receipt }) => [name, (JSON.parse(receipt) as unknown[])[0]])).toEqual([
    ['an id', 'MRUN-0'],
    ['id', 'M0-7'],
  ]);
  expect((JSON.parse(written[0]!.receipt) as unknown[]).slice(5)).toEqual([
    1,
    0x1234,
    MessageStateValue.Accepted,
    0,
    9,
  ]);
});
