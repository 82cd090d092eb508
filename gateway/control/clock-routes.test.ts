import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLOCK_MOVE_MS_MAX } from '../limits.ts';
import { type ControlsUnderTest, openControls, START_MS } from './controls-under-test.ts';

interface ClockBody {
  readonly now: string;
  readonly state: string;
  readonly aheadMs: number;
  readonly settled?: boolean;
}

let controls: ControlsUnderTest;
beforeEach(async () => {
  controls = await openControls();
});
afterEach(() => controls.close());

const post = (body: unknown) => controls.ask<ClockBody>('POST', '/v1/clock', body);

describe('the clock', () => {
  test('is stopped, moved by a time, moved to a moment, and let go', async () => {
    const { body: first } = await controls.ask<ClockBody>('GET', '/v1/clock');
    expect(first).toMatchObject({ now: '2024-03-01T18:00:00.000Z', state: 'frozen' });
    expect(first.aheadMs).toBeLessThan(0);
    expect((await post({ advanceMs: 60_000 })).body.now).toBe('2024-03-01T18:01:00.000Z');
    expect((await post({ at: '2024-03-01T12:00:00-08:00' })).body.now).toBe('2024-03-01T20:00:00.000Z');
    const { body: real } = await post({ real: true });
    expect(real.state).toBe('real');
    expect(Date.parse(real.now)).toBeGreaterThanOrEqual(Date.UTC(2024, 2, 1, 20));
    const { body: again } = await post({ freeze: true });
    expect(again.state).toBe('frozen');
    expect((await controls.ask<ClockBody>('GET', '/v1/clock')).body.now).toBe(again.now);
  });

  test('stops real time for a moment that is still to come', async () => {
    await post({ real: true });
    const { status, body } = await post({ at: '2024-03-01T19:00:00Z' });
    expect([status, body.now, body.state]).toEqual([200, '2024-03-01T19:00:00.000Z', 'frozen']);
  });

  test('answers when what fell due has run, and others are served meanwhile', async () => {
    let ticks = 0;
    controls.clock.every(10, () => (ticks += 1));
    let isOver = false;
    const moving = post({ advanceMs: 3_600_000 }).finally(() => (isOver = true));
    const states: string[] = [];
    while (!isOver) {
      states.push((await controls.ask<ClockBody>('GET', '/v1/clock')).body.state);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(states).toContain('moving');
    expect((await moving).status).toBe(200);
    expect(ticks).toBe(360_000);
  });

  test('is moved by one request at a time', async () => {
    controls.clock.every(10, () => {});
    const moving = post({ advanceMs: 3_600_000 });
    while (!controls.clock.isMoving) await new Promise((resolve) => setImmediate(resolve));
    const { status, body } = await controls.ask('POST', '/v1/clock', { real: true });
    expect([status, body.detail]).toEqual([
      409,
      expect.stringMatching(/^real: time is being moved by another request/),
    ]);
    expect((await moving).body.now).toBe('2024-03-01T19:00:00.000Z');
  });

  test('waits for webhooks under way if asked to', async () => {
    controls.underWay = 1;
    setTimeout(() => (controls.underWay = 0), 30);
    const { body } = await post({ advanceMs: 10, settle: true });
    expect([body.settled, controls.underWay]).toEqual([true, 0]);
  });
});

describe('a wrong request', () => {
  test.each([
    [{}, '', /says nothing; give exactly one of freeze, at, advanceMs, real/],
    [{ freeze: true, real: true }, 'real', /says freeze and real; give exactly one/],
    [{ freeze: false }, 'freeze', /must be true/],
    [{ advanceMs: -1 }, 'advanceMs', /is before 2024-03-01T18:00:00.000Z, where the clock stands.*give a later moment/],
    [{ at: '2024-03-01T09:59:59-08:00' }, 'at', /never moved back; give a later moment, or start a gateway/],
    [{ at: '2024-03-01T18:00:00' }, 'at', /a moment with its offset, such as/],
    [{ at: 'tomorrow' }, 'at', /a moment with its offset/],
    [{ at: 1_709_316_000_000 }, 'at', /a moment with its offset/],
    [{ at: '2030-01-01T00:00:00Z' }, 'at', /more than 31 days on.*in steps/],
    [{ advanceMs: CLOCK_MOVE_MS_MAX + 1 }, 'advanceMs', /more than 31 days on/],
    [{ advanceMs: 0.5 }, 'advanceMs', /whole number of milliseconds/],
    [{ advanceMs: '60s' }, 'advanceMs', /whole number of milliseconds/],
    [{ advance: 5 }, 'advance', /is not a field of this request/],
    [{ advanceMs: 5, settle: 'yes' }, 'settle', /must be true or false/],
  ])('%j is refused, names the field and the fix, and moves nothing', async (body, field, message) => {
    const answer = await controls.ask('POST', '/v1/clock', body);
    expect(answer.status).toBe(422);
    expect(answer.body.detail).toMatch(message);
    expect(answer.body.errors?.[0]?.field ?? '').toBe(field);
    expect(controls.clock.nowMs()).toBe(START_MS);
  });

  test('to move time that passes is a conflict', async () => {
    await post({ real: true });
    const { status, body } = await controls.ask('POST', '/v1/clock', { advanceMs: 5 });
    expect([status, body.detail]).toEqual([
      409,
      'advanceMs: time passes by itself; stop it first with {"freeze": true}, or tollgate clock freeze',
    ]);
  });
});
