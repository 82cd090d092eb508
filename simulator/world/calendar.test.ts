import { describe, expect, it } from 'vitest';
import { Stream } from '../engine/stream.ts';
import { loadInputs } from '../load-inputs.ts';
import { Calendar, daysAfter, nextArrivalMs } from './calendar.ts';

const HOUR_MS = 3_600_000;

describe('calendar', () => {
  it('has Pacific days, those of the change of clocks included, and hours of Central time', () => {
    const friday = new Calendar(Date.UTC(2024, 2, 1, 8));
    expect(friday.startMs).toBe(Date.UTC(2024, 2, 1, 8));
    expect(friday.hourOfWeek(friday.startMs)).toBe(4 * 24 + 2);
    expect(friday.hourOfWeek(friday.endMs - 1)).toBe(5 * 24 + 1);
    const shortSunday = new Calendar(Date.UTC(2024, 2, 10, 12));
    expect((shortSunday.endMs - shortSunday.startMs) / HOUR_MS).toBe(23);
    expect(shortSunday.hourOfWeek(shortSunday.endMs - HOUR_MS)).toBe(0);
  });

  it('counts days of a run as they are, also over the change of clocks', () => {
    const start = Date.UTC(2024, 2, 1, 8);
    expect(daysAfter(start, 0)).toBe(start);
    expect(daysAfter(start, 9)).toBe(Date.UTC(2024, 2, 10, 8));
    expect(daysAfter(start, 9.5)).toBe(Date.UTC(2024, 2, 10, 8) + 11.5 * HOUR_MS);
    expect(daysAfter(start, 15)).toBe(Date.UTC(2024, 2, 16, 7));
  });

  it('brings as many messages in a week as were asked for, in the shape of the week', () => {
    const { legitShape } = loadInputs();
    const arrivals = { perDay: 600, group: 3 };
    const wait = new Stream(3, 'arrivals');
    const byHour = new Float64Array(168);
    const weeks = 60;
    const calendar = new Calendar(Date.UTC(2024, 3, 1, 8));
    for (let day = 0; day < 7 * weeks; day += 1) {
      let atMs = calendar.startMs;
      for (;;) {
        atMs = nextArrivalMs(calendar, legitShape, arrivals, wait, atMs);
        if (atMs === Infinity) break;
        byHour[calendar.hourOfWeek(atMs)]! += arrivals.group;
      }
      calendar.startDay(calendar.endMs);
    }
    const sum = byHour.reduce((total, messages) => total + messages, 0);
    expect(sum / (7 * weeks * arrivals.perDay)).toBeCloseTo(1, 1);
    const busiest = legitShape.indexOf(Math.max(...legitShape));
    expect(byHour[busiest]! / (weeks * (arrivals.perDay / 24) * legitShape[busiest]!)).toBeCloseTo(1, 1);
  });
});
