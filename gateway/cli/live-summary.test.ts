import { describe, expect, test } from 'vitest';
import type { Summary } from '../messages/index.ts';
import { formatHeader, formatLine, formatTable, type Span, startLiveSummary } from './live-summary.ts';

const HEADER = { url: 'http://127.0.0.1:8080/', smppUrls: [], tariffDate: '2024-03-01', seed: 1 };

const ATT = {
  carrier: 'att',
  accepted: 4_012,
  refused: 37,
  spamDeliveredRegistered: 41,
  spamDeliveredUnregistered: 388,
  spamRevenueMicros: 4_118_000,
  spamSurchargeMicros: 1_552_000,
};
const OTHER = {
  carrier: 'other',
  accepted: 1_003,
  refused: 0,
  spamDeliveredRegistered: 9,
  spamDeliveredUnregistered: 74,
  spamRevenueMicros: 12_204_000,
  spamSurchargeMicros: 0,
};

const SUMMARY: Summary = {
  atMs: Date.UTC(2024, 2, 1),
  decided: 5_060,
  accepted: 5_015,
  refused: 45,
  registered: 3_641,
  unregistered: 1_411,
  blocked: 31,
  inFlight: 212,
  registryNumbers: 12_000,
  delivered: 4_500,
  filtered: 250,
  undelivered: 53,
  spamSent: 600,
  spamDelivered: 512,
  spamDeliveredRegistered: 50,
  spamDeliveredUnregistered: 462,
  chargedMicros: 61_000_000,
  spamChargedMicros: 19_455_000,
  spamSurchargeMicros: 1_552_000,
  bypassed: 120,
  carriers: [ATT, OTHER],
};

/** 125 seconds in; 100 messages in the last two. */
const SPAN: Span = {
  first: { atNs: 0, summary: { ...SUMMARY, decided: 0 } },
  earlier: { atNs: 123e9, summary: { ...SUMMARY, decided: 4_960 } },
  now: { atNs: 125e9, summary: SUMMARY },
};

describe('as text', () => {
  test('80 columns: what matters, a line per carrier', () => {
    expect(formatTable(HEADER, SPAN, { columns: 80, hasColor: false })).toEqual([
      'Tollgate  http://127.0.0.1:8080/  prices of 2024-03-01  seed 1',
      '',
      '50.0 messages/s   5,060 in 2 min 05 s   212 in flight',
      '',
      '                      registered  unregistered        in all',
      'Messages                   3,641         1,411         5,052',
      'Blocked                        -            31            31',
      'Spam on handsets              50           462           512',
      '',
      '                       spam from     spam from         revenue           of it',
      'Carrier               registered  unregistered       from spam       surcharge',
      'AT&T                          41           388         $4.1180         $1.5520',
      'Other carriers                 9            74          $12.20           $0.00',
      'All carriers                  50           462          $16.32         $1.5520',
      '',
      'Spam paid $19.46 in all, to carriers and aggregators.',
    ]);
  });

  test('120 columns: accepted and refused too', () => {
    expect(formatTable(HEADER, SPAN, { columns: 120, hasColor: false }).slice(9, 14)).toEqual([
      '                                                 spam from     spam from         revenue           of it',
      'Carrier                 accepted     refused    registered  unregistered       from spam       surcharge',
      'AT&T                       4,012          37            41           388         $4.1180         $1.5520',
      'Other carriers             1,003           0             9            74          $12.20           $0.00',
      'All carriers               5,015          37            50           462          $16.32         $1.5520',
    ]);
  });

  test('the line above them says where ESMEs bind, if any may', () => {
    expect(formatHeader({ ...HEADER, smppUrls: ['smpp://127.0.0.1:2775', 'smpps://127.0.0.1:3550'] })).toBe(
      'Tollgate  http://127.0.0.1:8080/  smpp://127.0.0.1:2775  smpps://127.0.0.1:3550  prices of 2024-03-01  seed 1',
    );
  });

  test('one line, for logs and pipes', () => {
    expect(formatLine(SPAN)).toBe(
      '2 min 05 s: 50.0 messages/s, 3,641 registered, 1,411 unregistered, 31 blocked, ' +
        'spam on handsets 512 (50 registered, 462 unregistered), paid for spam $19.46 ($1.5520 of it surcharge), ' +
        '212 in flight',
    );
  });

  test('no line is wider than the terminal; what does not fit is cut and marked', () => {
    for (const columns of [1, 20, 43, 79, 80, 99, 100, 120]) {
      const widths = formatTable(HEADER, SPAN, { columns, hasColor: false }).map((line) => line.length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    }
    expect(formatTable(HEADER, SPAN, { columns: 30, hasColor: false })[2]).toBe('50.0 messages/s   5,060 in 2 …');
  });

  test('colour adds codes around lines and changes nothing else', () => {
    const plain = formatTable(HEADER, SPAN, { columns: 80, hasColor: false });
    const coloured = formatTable(HEADER, SPAN, { columns: 80, hasColor: true });
    expect(coloured.join('\n')).toContain('\x1b[33mSpam on handsets');
    expect(coloured.map(withoutCodes)).toEqual(plain);
    expect(plain.join('')).not.toContain('\x1b');
  });

  test('before any time has passed and after counting began anew the rate is nought', () => {
    const { now, earlier } = SPAN;
    expect(formatLine({ first: now, earlier: now, now })).toContain('0 s: 0.0 messages/s');
    const anew = { atNs: now.atNs, summary: { ...SUMMARY, decided: 3 } };
    expect(formatLine({ first: now, earlier, now: anew })).toContain(' 0.0 messages/s');
  });

  test('hours are counted as hours', () => {
    const now = { atNs: 11_220e9, summary: SUMMARY };
    expect(formatLine({ ...SPAN, now })).toMatch(/^3 h 07 min: /);
  });
});

describe('on a terminal', () => {
  test('hides the cursor, draws at once, redraws in place twice a second, and gives the cursor back', () => {
    const run = start({ isTTY: true, columns: 80 });
    expect(run.periodMs()).toBe(500);
    expect(run.written[0]).toBe('\x1b[?25l\x1b[2J');
    expect(run.screen()).toContain('0.0 messages/s   5,060 in 0 s   212 in flight');

    run.tick(50);
    expect(run.written).toHaveLength(3);
    const frame = run.written[2] ?? '';
    expect([frame.startsWith('\x1b[H'), frame.endsWith('\x1b[K\n\x1b[J')]).toEqual([true, true]);
    expect(frame).not.toContain('\x1b[2J');
    expect(run.screen()).toContain('100 messages/s   5,110');

    run.stop();
    expect(run.written.at(-1)).toBe('\x1b[?25h');
    expect(run.isTimerStopped()).toBe(true);
    const count = run.written.length;
    run.stop();
    expect(run.written).toHaveLength(count);
  });

  test('the rate is that of the last two seconds', () => {
    const run = start({ isTTY: true, columns: 80 });
    for (let i = 0; i < 10; i += 1) run.tick(500);
    for (let i = 0; i < 4; i += 1) run.tick(10);
    expect(run.screen()).toContain('20.0 messages/s');
  });

  test('follows a terminal that changes its width, and keeps within its height', () => {
    const run = start({ isTTY: true, columns: 120, rows: 40 });
    expect(run.screen()).toContain('accepted');
    Object.assign(run.stream, { columns: 40, rows: 6 });
    run.tick(1);
    const lines = run.screen().split('\n');
    expect(lines).toHaveLength(6);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  test('draws nothing while the terminal has not taken the last frame', () => {
    const run = start({ isTTY: true, columns: 80 });
    const count = run.written.length;
    Object.assign(run.stream, { writableNeedDrain: true });
    run.tick(1);
    expect(run.written).toHaveLength(count);
  });

  test('NO_COLOR, when not empty, takes the colours away', () => {
    const bold = '\x1b[1m';
    expect(start({ isTTY: true }, { NO_COLOR: '' }).written.join('')).toContain(bold);
    const plain = start({ isTTY: true }, { NO_COLOR: '1' }).written.join('');
    expect(plain).not.toContain(bold);
    expect(plain.split('\x1b').filter((part) => /^\[\d+m/.test(part))).toEqual([]);
  });
});

describe('elsewhere', () => {
  test.each([
    ['a pipe', {}, {}],
    ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }],
  ])('%s gets the header, then one plain line every five seconds', (_name, stream, environment) => {
    const run = start(stream, environment);
    expect(run.periodMs()).toBe(5_000);
    expect(run.written).toEqual([`${formatHeader(HEADER)}\n`]);
    run.tick(100);
    run.tick(300);
    expect(run.written).toHaveLength(3);
    expect(run.written[1]).toMatch(/^5 s: 20\.0 messages\/s, .*in flight\n$/);
    expect(run.written[2]).toMatch(/^10 s: 60\.0 messages\/s, /);
    run.stop();
    expect(run.written).toHaveLength(4);
    expect(run.written.join('')).not.toContain('\x1b');
  });
});

/** Runs against a stream that only remembers, with timers and a clock turned by hand. */
function start(
  terminal: { isTTY?: boolean; columns?: number; rows?: number },
  environment: Record<string, string> = {},
) {
  const written: string[] = [];
  const stream = { ...terminal, write: (text: string) => written.push(text) };
  let nowNs = 7e9;
  let decided = SUMMARY.decided;
  let periodMs = 0;
  let tick: (() => void) | undefined;
  const stop = startLiveSummary({
    summary: () => ({ ...SUMMARY, decided }),
    stream,
    timers: {
      every(ms, run) {
        [periodMs, tick] = [ms, run];
        return () => {
          tick = undefined;
        };
      },
      after: () => () => undefined,
    },
    clock: { nowMs: () => 0, monotonicNs: () => nowNs },
    header: HEADER,
    environment,
  });
  return {
    stream,
    written,
    stop,
    periodMs: () => periodMs,
    isTimerStopped: () => tick === undefined,
    /** One period later, `messages` more were decided. */
    tick(messages: number) {
      nowNs += periodMs * 1e6;
      decided += messages;
      tick?.();
    },
    /** The last frame as one sees it. */
    screen: () => withoutCodes(written.findLast((text) => text.startsWith('\x1b[H')) ?? ''),
  };
}

function withoutCodes(text: string): string {
  return text
    .split('\x1b')
    .map((part, index) => (index === 0 ? part : part.replace(/^\[[\d;?]*[A-Za-z]/, '')))
    .join('');
}
