import { describe, expect, test } from 'vitest';
import { UNLIMITED } from './account-table.ts';
import { DecisionCode, MessageKind, Route } from './codes.ts';
import { type Core, makeRoomForLimits } from './core.ts';
import { decide } from './decide.ts';
import { LimitUse } from './limit-use.ts';
import { MessageSlot } from './slot.ts';
import { coreUnderTest, declare, TO } from './world-under-test.ts';

const NOON = Date.UTC(2024, 2, 1, 20);
const TIMES = { atMs: NOON, uptimeMs: 0, pricedAtMs: Date.UTC(2024, 2, 1) };
const FROM = 2_122_005_555;

function send(
  core: Core,
  to: number,
  message: { times?: number; from?: number; account?: number; kind?: number } = {},
): void {
  const { times = 1, from = FROM, account = -1, kind = MessageKind.Sms } = message;
  const slot = new MessageSlot();
  Object.assign(slot, TIMES, {
    kind,
    route: Route.A2p,
    account,
    units: 1,
    senderKey: from,
    destinationKey: to,
    draw: 0,
  });
  for (let time = 0; time < times; time += 1) {
    decide(core, slot);
    if (slot.code !== DecisionCode.Accepted) throw new Error(`message ${time + 1} was refused: ${slot.code}`);
  }
}

const usedOf = (use: LimitUse, times = TIMES) =>
  Object.fromEntries(use.read(times).map(({ labels, value }) => [labels.limit, value]));

describe('the use of limits', () => {
  test('is that of the fullest campaign, brand and account, by limit', () => {
    const core = coreUnderTest();
    const small = { attClass: 'T', tmobileTier: 'LOW' };
    core.registry.register(FROM, declare(core, small), NOON - 1, NOON);
    core.registry.register(FROM + 1, declare(core, small), NOON - 1, NOON);
    // Each of its numbers has its own rate, and the brand no cap.
    core.registry.register(FROM + 2, declare(core, { attClass: 'N', tmobileTier: 'UNCAPPED' }), NOON - 1, NOON);
    const bounds = { mmsPerSecond: UNLIMITED, numberSmsPerSecond: UNLIMITED, numberMmsPerSecond: UNLIMITED };
    const account = core.accounts.set({ id: 'a', isPrepaid: false, smsPerSecond: 100, ...bounds, inFlightMax: 200 });
    makeRoomForLimits(core);
    const use = new LimitUse(core);
    expect(new Set(Object.values(usedOf(use)))).toEqual(new Set([0]));
    send(core, TO.att, { times: 15 });
    send(core, TO.att, { times: 30, from: FROM + 1 });
    send(core, TO.att, { times: 50, from: FROM + 2 });
    send(core, TO.uscellular, { times: 10, kind: MessageKind.Mms });
    send(core, TO.tmobile, { times: 40 });
    send(core, TO.tmobile, { times: 100, from: FROM + 2 });
    send(core, TO.verizon, { times: 25, account });
    expect(usedOf(use)).toEqual({
      att_campaign_tpm: 30 / 75,
      uscellular_campaign_tpm: 10 / 50,
      other_campaign_tpm: 0,
      tmobile_brand_day: 40 / 2_000,
      account_sms_rate: 25 / 100,
      account_mms_rate: 0,
      account_in_flight: 25 / 200,
    });
    const later = usedOf(use, { ...TIMES, atMs: NOON + 60_000 });
    expect([later['att_campaign_tpm'], later['tmobile_brand_day']]).toEqual([0, 40 / 2_000]);
  });

  test('is found in turns where there are more than are looked at in one go', () => {
    const core = coreUnderTest();
    for (let place = 0; place < 10; place += 1) {
      core.registry.register(FROM + place, declare(core, { attClass: 'T', tmobileTier: 'LOW' }), NOON - 1, NOON);
    }
    makeRoomForLimits(core);
    send(core, TO.att, { times: 15, from: FROM + 9 });
    const use = new LimitUse(core, 4);
    const seen = Array.from({ length: 5 }, () => usedOf(use)['att_campaign_tpm']);
    expect(seen).toEqual([0, 0, 0.2, 0, 0.2]);
    expect(usedOf(new LimitUse(core, 10))['att_campaign_tpm']).toBe(0.2);
  });
});
