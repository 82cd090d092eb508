import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { OptOuts } from './opt-outs.ts';
import { MessageSlot } from './slot.ts';

const SENDER = 2_125_550_100;
const HANDSET = 3_105_550_123;

function has(optOuts: OptOuts, sender: number, handset: number): boolean {
  const slot = new MessageSlot();
  slot.senderKey = sender;
  slot.destinationKey = handset;
  return optOuts.has(slot);
}

describe('opt-outs', () => {
  test('hold for one sender and one handset, until they end', () => {
    const optOuts = new OptOuts();
    expect(optOuts.add(SENDER, HANDSET)).toBe(true);
    expect(has(optOuts, SENDER, HANDSET)).toBe(true);
    expect(has(optOuts, SENDER + 1, HANDSET)).toBe(false);
    expect(has(optOuts, HANDSET, SENDER)).toBe(false);
    expect(optOuts.of(SENDER)).toEqual([HANDSET]);
    expect(optOuts.remove(SENDER, HANDSET)).toBe(true);
    expect(optOuts.remove(SENDER, HANDSET)).toBe(false);
    expect(has(optOuts, SENDER, HANDSET)).toBe(false);
    expect(optOuts.count).toBe(0);
  });

  const changes = fc.array(fc.record({ isStop: fc.boolean(), sender: fc.nat(20), handset: fc.nat(40) }), {
    maxLength: 400,
  });
  test.prop([changes])('are a set of pairs, whatever comes and goes, and the same after they were restored', (all) => {
    const optOuts = new OptOuts();
    const model = new Set<string>();
    for (const { isStop, sender, handset } of all) {
      const name = `${sender} ${handset}`;
      if (isStop) expect(optOuts.add(SENDER + sender, HANDSET + handset)).toBe(true);
      else expect(optOuts.remove(SENDER + sender, HANDSET + handset)).toBe(model.has(name));
      if (isStop) model.add(name);
      else model.delete(name);
    }
    const restored = new OptOuts();
    restored.restore(optOuts.capture());
    for (const table of [optOuts, restored]) {
      expect(table.count).toBe(model.size);
      for (let sender = 0; sender <= 20; sender += 1) {
        const found = table.of(SENDER + sender).map((key) => key - HANDSET);
        for (let handset = 0; handset <= 40; handset += 1) {
          const isThere = model.has(`${sender} ${handset}`);
          expect(has(table, SENDER + sender, HANDSET + handset)).toBe(isThere);
          expect(found.includes(handset)).toBe(isThere);
        }
      }
    }
  });
});
