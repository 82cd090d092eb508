import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.ts';

describe('event queue', () => {
  test.prop([fc.array(fc.oneof(fc.nat(20), fc.constant('take' as const)), { maxLength: 400 })])(
    'gives what comes first, and of equal times what was put in first',
    (steps) => {
      const queue = new EventQueue();
      const waiting: { at: number; id: number }[] = [];
      for (const [id, step] of steps.entries()) {
        if (step !== 'take') {
          queue.push(step, id % 7, id, id - 9, 3 * id);
          waiting.push({ at: step, id });
          continue;
        }
        const first = waiting.toSorted((a, b) => a.at - b.at || a.id - b.id)[0];
        expect(queue.nextMs).toBe(first?.at ?? Infinity);
        expect(queue.next()).toBe(first !== undefined);
        if (first === undefined) continue;
        const { at, id: taken } = first;
        expect([queue.timeMs, queue.kind, queue.a, queue.b, queue.c]).toEqual([
          at,
          taken % 7,
          taken,
          taken - 9,
          3 * taken,
        ]);
        waiting.splice(waiting.indexOf(first), 1);
      }
      expect(queue.size).toBe(waiting.length);
    },
  );

  it('keeps its order while it grows', () => {
    const queue = new EventQueue();
    const count = 5_000;
    for (let id = 0; id < count; id += 1) queue.push((id * 7_919) % count, 0, id);
    const times: number[] = [];
    while (queue.next()) times.push(queue.timeMs);
    expect(times).toEqual(Array.from({ length: count }, (_, at) => at));
  });

  it('refuses an event that would never come', () => {
    expect(() => new EventQueue().push(Number.NaN, 4)).toThrow('an event of kind 4 has no time');
  });
});
