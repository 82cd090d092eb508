import { beforeEach, expect, it } from 'vitest';
import { SMPP_SCHEDULED_AGAIN_MS, SMPP_SCHEDULED_OF_ESME_MAX } from '../../limits.ts';
import { emptyDraft, MessageStore } from '../../messages/index.ts';
import { PLAIN_RECEIPT } from '../../smpp/index.ts';
import { Esmes } from './esmes.ts';
import { MessageNames } from './message-names.ts';
import { PostOffice } from './post-office.ts';
import { ReceiptWriter } from './receipt-writer.ts';
import type { ScheduledMessage } from './schedule.ts';
import { ScheduledMessages } from './scheduled.ts';
import { Submitted } from './submitted.ts';

let scheduled: ScheduledMessages;

beforeEach(() => {
  const store = new MessageStore(4, 'RUN');
  const esmes = new Esmes([], true);
  const machineNowMs = (): number => 0;
  const postOffice = new PostOffice(esmes, machineNowMs, () => undefined);
  const names = new MessageNames(store, false);
  const submitted = new Submitted(store);
  scheduled = new ScheduledMessages(
    names,
    new ReceiptWriter({ store, submitted, names, esmes, postOffice, format: PLAIN_RECEIPT, machineNowMs }),
  );
});

function message(id: string, dueMs: number, owner = 0): ScheduledMessage {
  return {
    id,
    knownAs: id,
    isOfSeveral: false,
    owner,
    submittedMs: 0,
    dueMs,
    scheduledMs: dueMs,
    draft: emptyDraft(),
    facts: 0,
    reference: -1,
    serviceType: '',
    dataCoding: 0,
    replaces: false,
  };
}

function taken(nowMs: number): string[] {
  return scheduled.takeDue(nowMs).map(({ id }) => id);
}

it('have their times in order, those of one time in the order in which they came, and again if they are put off', async () => {
  for (const [id, dueMs] of [
    ['c', 30],
    ['a', 10],
    ['b1', 20],
    ['b2', 20],
  ] as const)
    await scheduled.add(message(id, dueMs));
  expect(taken(9)).toEqual([]);
  expect(taken(20)).toEqual(['a', 'b1', 'b2']);
  scheduled.putOff(message('a', 10), 20);
  expect(taken(19 + SMPP_SCHEDULED_AGAIN_MS)).toEqual(['c']);
  expect(taken(20 + SMPP_SCHEDULED_AGAIN_MS)).toEqual(['a']);
  expect(await scheduled.cancel(message('a', 10))).toBe(false);
});

it('of one ESME leave room for those of others', async () => {
  for (let added = 0; added < SMPP_SCHEDULED_OF_ESME_MAX; added += 1) {
    expect(await scheduled.add(message(`m${added}`, 10))).toBe(true);
  }
  expect(await scheduled.add(message('more', 10))).toBe(false);
  expect(await scheduled.add(message('other', 10, 1))).toBe(true);
});
