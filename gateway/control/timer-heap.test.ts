import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type HeapTimer, TimerHeap } from './timer-heap.ts';

const step = fc.oneof(
  fc.record({ addMs: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ takeFirst: fc.constant(true) }),
  fc.record({ remove: fc.nat(60) }),
  fc.record({ move: fc.nat(60), toMs: fc.integer({ min: 0, max: 50 }) }),
);

test.prop([fc.array(step, { maxLength: 150 })])(
  'the first is the earliest, and of several the one set first',
  (steps) => {
    const heap = new TimerHeap<HeapTimer>();
    const all: HeapTimer[] = [];
    let order = 0;
    for (const one of steps) {
      if ('addMs' in one) {
        const timer = { dueMs: one.addMs, order: (order += 1), place: -1 };
        all.push(timer);
        heap.add(timer);
      } else if ('takeFirst' in one) {
        const { first } = heap;
        if (first === undefined) continue;
        heap.remove(first);
        all.splice(all.indexOf(first), 1);
      } else if ('remove' in one) {
        const [timer] = all.splice(one.remove % Math.max(1, all.length), 1);
        if (timer === undefined) continue;
        heap.remove(timer);
        heap.remove(timer);
      } else {
        const timer = all[one.move % Math.max(1, all.length)];
        if (timer === undefined) continue;
        timer.dueMs = one.toMs;
        heap.moved(timer);
      }
      const sorted = all.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order);
      expect(heap.first).toBe(sorted[0]);
    }
  },
);
