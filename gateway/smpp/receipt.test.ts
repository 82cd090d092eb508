import { describe, expect, it } from 'vitest';
import { MessageStateValue } from './commands.ts';
import { PduWriter } from './pdu-writer.ts';
import { PLAIN_RECEIPT, RECEIPT_VARIANTS, writeReceiptParameters, writeReceiptText } from './receipt.ts';

const facts = {
  id: 'MT-1Z',
  submittedMs: Date.UTC(2024, 2, 1, 18, 5, 9),
  doneMs: Date.UTC(2024, 2, 1, 18, 6, 30),
  state: MessageStateValue.Delivered as number,
  error: 0,
  text: 'Your table is ready, come in.',
};

function written(own: Partial<typeof facts>, ...variants: string[]): string {
  const writer = new PduWriter();
  let format = PLAIN_RECEIPT;
  for (const variant of variants) format = { ...format, ...RECEIPT_VARIANTS[variant] };
  writeReceiptText(writer, { ...facts, ...own }, format);
  return writer.take().toString('latin1');
}

describe('the text of a receipt', () => {
  it('is as everybody writes it', () => {
    expect(written({})).toBe(
      'id:MT-1Z sub:001 dlvrd:001 submit date:2403011805 done date:2403011806 stat:DELIVRD err:000 text:Your table is ready,',
    );
  });

  it('has one word for each state, seven letters long', () => {
    const words = [1, 2, 3, 4, 5, 6, 7, 8].map((state) => / stat:(\S+) /.exec(written({ state }))?.[1]);
    expect(words).toEqual(['ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN', 'REJECTD']);
  });

  it('says what went wrong in three digits, or as many as it takes', () => {
    expect([0, 15, 105, 9_802].map((error) => / err:(\S+) /.exec(written({ error }))?.[1])).toEqual([
      '000',
      '015',
      '105',
      '9802',
    ]);
  });

  it('varies as providers vary it', () => {
    expect(written({}, 'seconds')).toContain('submit date:240301180509 done date:240301180630');
    expect(written({}, 'capital-text')).toContain(' Text:Your');
    expect(written({}, 'commas')).toContain(
      'id:MT-1Z,sub:001,dlvrd:001,submit date:2403011805,done date:2403011806,stat:',
    );
  });
});

describe('the parameters of a receipt', () => {
  it('are its id, state and error', () => {
    const writer = new PduWriter();
    writeReceiptParameters(writer, { ...facts, error: 9_802 });
    expect(writer.take().toString('hex')).toBe('001e00064d542d315a00' + '0427000102' + '0423000303264a');
  });
});
