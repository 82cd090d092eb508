import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  compareStreamIds,
  feedState,
  hasReached,
  judgeEntry,
  judgeProbe,
  StoreClock,
  streamIdMs,
  type Cursor,
  type Probe,
} from './feed-cursor.ts';

const cursor: Cursor = { epoch: 'first', server: 'a', sequence: 7, id: '1000-2' };

describe('an entry', () => {
  it('is the next one only with the next number under a later id', () => {
    expect(judgeEntry(cursor, '1000-3', 8)).toBe('next');
    expect(judgeEntry(cursor, '2000-0', 8)).toBe('next');
  });

  it('seen before is a duplicate', () => {
    expect(judgeEntry(cursor, '1000-2', 7)).toBe('duplicate');
    expect(judgeEntry(cursor, '999-9', 6)).toBe('duplicate');
  });

  it('with a number missing before it shows that the stream was trimmed, or that entries came in another order', () => {
    expect(judgeEntry(cursor, '1000-4', 9)).toBe('trimmed');
  });

  it('with an old number under a later id shows that the store lost writes', () => {
    expect(judgeEntry(cursor, '1000-3', 7)).toBe('rewound');
    expect(judgeEntry(cursor, '2000-0', 1)).toBe('rewound');
  });

  it('with a new number under an old id shows that the store lost writes and its clock went back', () => {
    expect(judgeEntry(cursor, '1000-1', 8)).toBe('rewound');
    expect(judgeEntry(cursor, '1000-2', 8)).toBe('rewound');
  });
});

describe('stream ids', () => {
  it('are compared as two numbers', () => {
    expect(compareStreamIds('9-1', '10-0')).toBeLessThan(0);
    expect(compareStreamIds('10-10', '10-9')).toBeGreaterThan(0);
    expect(compareStreamIds('10-0', '10')).toBe(0);
    expect(streamIdMs('1700000000123-4')).toBe(1_700_000_000_123);
  });
});

describe('a probe', () => {
  const intact: Probe = {
    epoch: 'first',
    server: 'a',
    sequence: 7,
    lastId: '1000-2',
    held: 7,
    hasOlder: true,
    next: undefined,
  };

  it('finds a cursor at the end of its stream', () => {
    expect(judgeProbe(cursor, intact)).toBe('level');
    expect(judgeProbe(cursor, { ...intact, held: undefined, hasOlder: false })).toBe('level');
  });

  it('finds one that only has to read on', () => {
    expect(judgeProbe(cursor, { ...intact, sequence: 9, next: 8 })).toBe('behind');
    expect(judgeProbe(cursor, { ...intact, sequence: 9, held: undefined, hasOlder: false, next: 8 })).toBe('behind');
  });

  it('finds a gap, also one that nothing came after', () => {
    expect(judgeProbe(cursor, { ...intact, sequence: 9, held: undefined, hasOlder: false, next: 9 })).toBe('trimmed');
    expect(judgeProbe(cursor, { ...intact, sequence: 9, held: undefined, hasOlder: false })).toBe('trimmed');
  });

  it('finds a store that lost writes, whatever it has written since and whichever way its clock went', () => {
    expect(judgeProbe(cursor, { ...intact, sequence: 6 })).toBe('rewound');
    expect(judgeProbe(cursor, { ...intact, sequence: 9, held: undefined, next: 8 })).toBe('rewound');
    expect(judgeProbe(cursor, { ...intact, sequence: 9, held: 6, next: 7 })).toBe('rewound');
    expect(judgeProbe(cursor, { ...intact, lastId: '2000-0', held: undefined, hasOlder: false })).toBe('rewound');
  });

  it('finds that after a failover nothing shows that the entry taken was the one trimmed', () => {
    const trimmed = { ...intact, sequence: 9, held: undefined, hasOlder: false, next: 8 };
    expect(judgeProbe(cursor, { ...trimmed, server: 'b' })).toBe('rewound');
    expect(judgeProbe(cursor, { ...trimmed, server: 'b', held: 7 })).toBe('behind');
    expect(judgeProbe({ ...cursor, sequence: 0, id: '0-0' }, { ...trimmed, server: 'b', next: 1 })).toBe('behind');
  });

  it('finds a store that started anew, even when it has come as far', () => {
    expect(judgeProbe(cursor, { ...intact, epoch: 'second' })).toBe('replaced');
  });
});

describe('reading a stream that is trimmed, rewound and delivered twice', () => {
  interface Entry {
    readonly id: string;
    readonly sequence: number;
    readonly value: number;
  }
  const step = fc.oneof(
    fc.constant('write' as const),
    fc.constant('write' as const),
    fc.constant('read' as const),
    fc.constant('deliver again' as const),
    fc.record({ trim: fc.nat(5) }),
    fc.record({ lose: fc.nat(5), clockBackMs: fc.nat(20) }),
  );

  propertyTest.prop([fc.array(step, { maxLength: 60 })], { numRuns: 2000 })(
    'never leaves a probed view unlike the store without a reason to reload',
    (steps) => {
      // A store whose whole state is the values written; what a failover loses is lost from state and stream alike.
      let stream: Entry[] = [];
      let state: number[] = [];
      let clockMs = 1000;
      let lastId = '0-0';
      let view: number[] = [];
      let server = 0;
      let at: Cursor = { epoch: '', server: '0', sequence: 0, id: '0-0' };
      const given = new Set<string>();

      const take = (entry: Entry): void => {
        const verdict = judgeEntry(at, entry.id, entry.sequence);
        if (verdict === 'duplicate') return;
        if (verdict !== 'next') return reload();
        view.push(entry.value);
        at = { ...at, sequence: entry.sequence, id: entry.id };
      };
      const reload = (): void => {
        view = [...state];
        at = { epoch: '', server: String(server), sequence: state.length, id: lastId };
      };
      const read = (): void => {
        // Another server means that the connection broke.
        if (at.server !== String(server) && !['level', 'behind'].includes(judgeProbe(at, probe()))) reload();
        at = { ...at, server: String(server) };
        for (const entry of stream.filter(({ id }) => compareStreamIds(id, at.id) > 0)) take(entry);
      };
      const probe = (): Probe => {
        const first = stream.find(({ id }) => id === at.id);
        const next = stream.find(({ id }) => compareStreamIds(id, at.id) > 0);
        const hasOlder = stream.some(({ id }) => compareStreamIds(id, at.id) < 0);
        return {
          epoch: '',
          server: String(server),
          sequence: state.length,
          lastId,
          held: first?.sequence,
          hasOlder,
          next: next?.sequence,
        };
      };

      steps.forEach((each, value) => {
        if (each === 'write') {
          do {
            const [ms, counter] = lastId.split('-').map(Number) as [number, number];
            lastId = clockMs > ms ? `${clockMs}-0` : `${ms}-${counter + 1}`;
            clockMs += value % 3;
          } while (given.has(lastId));
          given.add(lastId);
          state.push(value);
          stream.push({ id: lastId, sequence: state.length, value });
        } else if (each === 'read') {
          read();
        } else if (each === 'deliver again') {
          for (const entry of stream.slice(-3)) if (compareStreamIds(entry.id, at.id) <= 0) take(entry);
        } else if ('trim' in each) {
          stream = stream.slice(each.trim);
        } else {
          const kept = stream.slice(0, Math.max(0, stream.length - each.lose));
          state = state.slice(0, state.length - (stream.length - kept.length));
          stream = kept;
          server++;
          lastId = stream.at(-1)?.id ?? lastId;
          clockMs = Math.max(1, clockMs - each.clockBackMs);
        }
      });

      let verdict = judgeProbe(at, probe());
      if (verdict === 'behind') {
        read();
        verdict = judgeProbe(at, probe());
      }
      if (verdict === 'level') expect(view).toEqual(state);
      else expect(['trimmed', 'rewound']).toContain(verdict);
    },
  );
});

describe('the clock of a store', () => {
  it('is taken for the local one until there was an exchange', () => {
    expect(new StoreClock().toLocalMs(5000)).toBe(5000);
  });

  it('is known best from the quickest of the last exchanges', () => {
    const clock = new StoreClock();
    clock.learn(1000, 1100, 3090);
    clock.learn(2000, 2002, 4001);
    clock.learn(3000, 3200, 5010);
    expect(clock.toLocalMs(6000)).toBe(4000);
    for (let i = 0; i < 8; i++) clock.learn(4000, 4010, 4005);
    expect(clock.toLocalMs(6000)).toBe(6000);
    clock.reset();
    expect(clock.toLocalMs(6000)).toBe(6000);
  });
});

describe('a view', () => {
  const well = { isLoaded: true, isAnswering: true, isReloading: false, ageMs: 10, liveAgeMaxMs: 3000 };

  it('is live while it follows', () => {
    expect(feedState(well)).toBe('live');
  });

  it('is behind while it catches up or is read anew, away while the store is silent, and loading before anything', () => {
    expect(feedState({ ...well, ageMs: 3001 })).toBe('behind');
    expect(feedState({ ...well, isReloading: true })).toBe('behind');
    expect(feedState({ ...well, isAnswering: false, isReloading: true })).toBe('away');
    expect(feedState({ ...well, isLoaded: false, isAnswering: false })).toBe('loading');
  });

  it('has reached a position when all shards have', () => {
    expect(hasReached([3, 4], [3, 4])).toBe(true);
    expect(hasReached([3, 4], [2, 5])).toBe(false);
    expect(hasReached([3], [3, 1])).toBe(false);
    expect(hasReached([3, 4], [])).toBe(true);
  });
});
