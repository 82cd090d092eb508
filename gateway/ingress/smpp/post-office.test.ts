import { beforeEach, describe, expect, it } from 'vitest';
import { SMPP_RECEIPT_AGAIN_MS, SMPP_RECEIPT_KEPT_MS } from '../../limits.ts';
import { MessageStateValue, PLAIN_RECEIPT, Status } from '../../smpp/index.ts';
import { type Bind, Esme } from './esmes.ts';
import { PostOffice } from './post-office.ts';
import { Receipt } from './receipt.ts';

/** A session that takes so many receipts. */
class Taker implements Bind {
  readonly taken: Receipt[] = [];
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  readonly canReceive = true;

  get hasRoom(): boolean {
    return this.taken.length < this.room;
  }

  deliver(receipt: Receipt): void {
    this.taken.push(receipt);
  }

  get ids(): string[] {
    return this.taken.map(({ id }) => id);
  }
}

let nowMs: number;
let esme: Esme;
let other: Esme;
let office: PostOffice;

beforeEach(() => {
  nowMs = 0;
  esme = new Esme(0, { systemId: 'one', binds: 9, window: 9 });
  other = new Esme(1, { systemId: 'other', binds: 9, window: 9 });
  office = new PostOffice(
    [esme, other],
    () => nowMs,
    () => undefined,
    { bound: 5 },
  );
});

function receipt(id: string): Receipt {
  const subject = {
    id,
    senderKey: 2_125_550_100,
    destinationKey: 2_125_550_101,
    text: '',
    submittedMs: 0,
    facts: 0,
    reference: -1,
  };
  const told = { state: MessageStateValue.Delivered, error: 0, doneMs: 0, isIntermediate: false };
  return new Receipt(subject, told, PLAIN_RECEIPT, nowMs);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('receipts', () => {
  it('go out in their order, as far as there is room, and on when there is more', async () => {
    const taker = new Taker(2);
    esme.sessions.add(taker);
    for (const id of ['a', 'b', 'c']) office.add(esme, receipt(id));
    await turn();
    expect(taker.ids).toEqual(['a', 'b']);
    expect(office.figures().waiting).toBe(1);
    taker.room = 9;
    office.answered(esme, taker.taken[0]!, Status.Ok);
    await turn();
    expect(taker.ids).toEqual(['a', 'b', 'c']);
    expect(office.figures()).toMatchObject({ waiting: 0, acknowledged: 1 });
  });

  it('are shared between the sessions of an ESME', async () => {
    const takers = [new Taker(9), new Taker(9)];
    for (const taker of takers) esme.sessions.add(taker);
    for (const id of ['a', 'b', 'c', 'd']) office.add(esme, receipt(id));
    await turn();
    expect(takers.map(({ taken }) => taken.length)).toEqual([2, 2]);
  });

  it.each([
    ['not now', Status.ReceiverTemporary],
    ['throttled', Status.Throttled],
    ['queue full', Status.MessageQueueFull],
    ['no answer', undefined],
  ])('that are not taken are sent again later: %s', async (_, status) => {
    const taker = new Taker(9);
    esme.sessions.add(taker);
    office.answered(esme, receipt('a'), status);
    office.advance();
    await turn();
    expect(taker.ids).toEqual([]);
    nowMs += SMPP_RECEIPT_AGAIN_MS;
    office.advance();
    await turn();
    expect(taker.ids).toEqual(['a']);
    expect(office.figures()).toMatchObject({ repeated: 1, waiting: 0 });
  });

  it.each([Status.ReceiverPermanent, Status.ReceiverReject])(
    'that are refused for good are dropped: 0x%s',
    (status) => {
      office.answered(esme, receipt('a'), status);
      expect(office.figures()).toMatchObject({ refused: 1, waiting: 0 });
    },
  );

  it('that a session left over go before the others', async () => {
    office.add(esme, receipt('c'));
    office.putBack(esme, [receipt('a'), receipt('b')]);
    const taker = new Taker(9);
    esme.sessions.add(taker);
    office.hasRoom(esme);
    await turn();
    expect(taker.ids).toEqual(['a', 'b', 'c']);
  });

  it('are bounded: the fullest loses its oldest', () => {
    for (const id of ['a', 'b', 'c', 'd']) office.add(esme, receipt(id));
    office.add(other, receipt('x'));
    office.add(other, receipt('y'));
    expect(esme.mailbox.list().map(({ id }) => id)).toEqual(['b', 'c', 'd']);
    expect(other.mailbox.list().map(({ id }) => id)).toEqual(['x', 'y']);
    expect(office.figures()).toMatchObject({ waiting: 5, dropped: 1 });
  });

  it('that nobody takes for days are dropped', () => {
    office.add(esme, receipt('a'));
    nowMs += SMPP_RECEIPT_KEPT_MS;
    office.add(esme, receipt('b'));
    office.advance();
    expect(esme.mailbox.list().map(({ id }) => id)).toEqual(['b']);
    expect(office.figures()).toMatchObject({ waiting: 1, dropped: 1 });
  });

  it('are all there whatever came and went, in their order', async () => {
    const taker = new Taker(0);
    esme.sessions.add(taker);
    const big = new PostOffice(
      [esme],
      () => nowMs,
      () => undefined,
    );
    const wanted: string[] = [];
    for (let round = 0; round < 40; round += 1) {
      for (let each = 0; each < 100; each += 1) {
        const id = `${round}-${each}`;
        wanted.push(id);
        big.add(esme, receipt(id));
      }
      taker.room += 90;
      await turn();
    }
    taker.room = Infinity;
    big.hasRoom(esme);
    await turn();
    expect(taker.ids).toEqual(wanted);
  });
});
