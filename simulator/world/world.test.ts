import { describe, expect, it } from 'vitest';
import { requestUnderTest } from '../lab-under-test.ts';
import { loadInputs } from '../load-inputs.ts';
import { Stream } from '../engine/stream.ts';
import { CARRIERS, carrierOf, isAssigned, LineType, lineTypeOf } from '../../registry-cache/index.ts';
import { LEGIT, Sender } from './sender.ts';
import { World } from './world.ts';

const worldOf = (set: Readonly<Record<string, number>> = {}): World =>
  new World(requestUnderTest({ set }), loadInputs(), 6);

describe('the checks at the end of a day', () => {
  it("stop a run in which a brand was over T-Mobile's cap", () => {
    const world = worldOf();
    const { brand } = world.addRegistration({
      name: 'one',
      attClass: 'W',
      tmobileTier: 'SOLE_PROPRIETOR',
      useCase: 'SOLE_PROPRIETOR',
    });
    world.tmobileUnits[brand] = 1_000;
    world.checkDay();
    world.tmobileUnits[brand] = 1_001;
    expect(() => world.checkDay()).toThrow('B-one sent 1001 units to T-Mobile in a day; SOLE_PROPRIETOR allows 1000');
  });

  it('stop a run in which a number was over what the P2P route takes', () => {
    const world = worldOf();
    const line = world.lines.add(1, 0);
    world.lines.p2pToday[line] = 201;
    expect(() => world.checkDay()).toThrow('a number sent 201 messages on the P2P route in a day; 200 are allowed');
  });

  it('stop a run in which an account is below zero', () => {
    const world = worldOf();
    const [dca] = world.dcas;
    const { legitRecipients: recipients } = world;
    const sender = new Sender({
      seed: 1,
      name: 'x',
      place: 0,
      truth: LEGIT,
      recipients,
      lines: new Int32Array(1),
      dca: dca!,
    });
    sender.account = 0;
    world.senders.push(sender);
    world.balances.ensure(1);
    world.balances.credit(0, -1);
    expect(() => world.checkDay()).toThrow('account 0 is below zero');
  });
});

describe('the numbers of a world', () => {
  it('go to carriers by their market shares, and to nobody as often as is set', () => {
    const { spamRecipients, carrierShares, core } = worldOf({ invalidShareSpam: 0.1 });
    const reached = new Float64Array(CARRIERS.length);
    let invalid = 0;
    for (const number of spamRecipients) {
      const found = core.carrierMap.lookup(number);
      if (!isAssigned(found) || lineTypeOf(found) === LineType.Landline) invalid += 1;
      else reached[carrierOf(found)]! += 1;
    }
    expect(invalid / spamRecipients.length).toBeCloseTo(0.1, 2);
    for (const [carrier, share] of carrierShares.entries()) {
      expect(reached[carrier]! / (spamRecipients.length - invalid)).toBeCloseTo(share, 1.9);
    }
    expect(carrierShares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
  });

  it('are of good senders or of spammers, and never of both', () => {
    const world = worldOf();
    const stream = new Stream(1, 'numbers');
    for (let draw = 0; draw < 100; draw += 1) {
      expect(world.drawRentedNumber(stream, 'legit') % 2).toBe(0);
      expect(world.drawRentedNumber(stream, 'spam') % 2).toBe(1);
      expect(isAssigned(world.core.carrierMap.lookup(world.drawInvalidNumber(stream)))).toBe(false);
    }
  });

  it('have messages of the mean length asked for', () => {
    for (const segmentsMean of [1, 1.2, 1.5]) {
      const { segments } = worldOf({ segmentsMean });
      const mean = segments.reduce((sum, count) => sum + count, 0) / segments.length;
      expect(Math.abs(mean - segmentsMean)).toBeLessThan(0.04);
    }
  });
});
