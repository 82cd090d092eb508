import { describe, expect, it } from 'vitest';
import { PduWriter } from './pdu-writer.ts';
import { formatTime, MinuteStamp, parseTime, receiptTime } from './smpp-time.ts';

const NOW = Date.UTC(2026, 10, 23, 12, 30, 15, 700);
const HOUR_MS = 3_600_000;

describe('a time', () => {
  it.each([
    ['000000010000000R', NOW + HOUR_MS],
    ['000001000000500R', NOW + 24 * HOUR_MS + 500],
    ['000100000000000R', NOW + 30 * 24 * HOUR_MS],
    ['261123133015700+', NOW + HOUR_MS],
    ['261123133015704+', NOW],
    ['261123113015704-', NOW],
    ['280229000000000+', Date.UTC(2028, 1, 29)],
  ])('%s is read', (text, ms) => {
    expect(parseTime(text, NOW)).toBe(ms);
  });

  it.each([
    '',
    '261123133015700',
    '261123133015700*',
    '26112313301570a+',
    '261323133015700+',
    '260230133015700+',
    '261100133015700+',
    '261123243015700+',
    '261123136015700+',
    '261123133060700+',
    '261123133015749+',
    '000000010000004R',
  ])('%s is none', (text) => {
    expect(parseTime(text, NOW)).toBeNaN();
  });

  it('is written so that it reads the same', () => {
    expect(formatTime(NOW)).toBe('261123123015700+');
    expect(parseTime(formatTime(NOW), 0)).toBe(NOW);
  });

  it('of a receipt has no seconds, or has', () => {
    expect(receiptTime(NOW, false)).toBe('2611231230');
    expect(receiptTime(NOW, true)).toBe('261123123015');
  });

  it('of many receipts is right for each, whatever came before', () => {
    const stamp = new MinuteStamp();
    const writer = new PduWriter();
    for (const ms of [NOW, NOW + 1, NOW + 60_000, NOW]) stamp.write(writer, ms);
    expect(writer.take().toString()).toBe('2611231230261123123026112312312611231230');
  });
});
