import { expect, it } from 'vitest';
import { SMPP_NOTICES_WAITING_MAX } from '../../limits.ts';
import { emptyDraft, MessageStore, ReceiptState } from '../../messages/index.ts';
import { MessageSlot } from '../../router/index.ts';
import { MessageStateValue, PLAIN_RECEIPT } from '../../smpp/index.ts';
import { Esmes } from './esmes.ts';
import { MessageNames } from './message-names.ts';
import { PostOffice } from './post-office.ts';
import { ReceiptWriter } from './receipt-writer.ts';
import { Submitted } from './submitted.ts';

it('lets few intermediate notifications wait for an ESME that takes none, and every final receipt', () => {
  const store = new MessageStore(4, 'RUN');
  const esmes = new Esmes([], true);
  const esme = esmes.named('one')!;
  const machineNowMs = (): number => 0;
  const postOffice = new PostOffice(esmes, machineNowMs, () => undefined);
  const submitted = new Submitted(store);
  const names = new MessageNames(store, false);
  const receipts = new ReceiptWriter({
    store,
    submitted,
    names,
    esmes,
    postOffice,
    format: PLAIN_RECEIPT,
    machineNowMs,
  });
  const at = store.add({ ...emptyDraft(), text: 'hi' }, new MessageSlot());
  submitted.note(at, esme.handle, 0x11, -1);
  for (let left = SMPP_NOTICES_WAITING_MAX + 10; left > 0; left -= 1) receipts.waits(at, 0);
  expect(esme.mailbox.count).toBe(SMPP_NOTICES_WAITING_MAX);
  store.recordReceipt(at, ReceiptState.Accepted, 9);
  receipts.receiptArrived(at);
  expect(esme.mailbox.list().at(-1)?.state).toBe(MessageStateValue.Accepted);
});
