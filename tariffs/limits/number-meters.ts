/** Limits counted per sender number. */
import type { Allowance, Ask } from './allowance.ts';

/** What is counted per number; the `key` of `NumberMeters`. */
export const NumberMeter = {
  AttSms: 0,
  AttMms: 1,
  UscellularSms: 2,
  UscellularMms: 3,
  OtherSms: 4,
  OtherMms: 5,
  VerizonSms: 6,
  VerizonMms: 7,
  /** An aggregator's own rate per number. */
  AccountSms: 8,
  AccountMms: 9,
  P2pMinute: 10,
  P2pDay: 11,
  P2pRecipients: 12,
  P2pRatio: 13,
  TollFreeDay: 14,
  TollFreeWeek: 15,
  TollFreeMonth: 16,
} as const;

export class NumberMeters implements Allowance {
  ensure(_keyCount: number): void {}

  waitMs(_meter: number, _cap: number, _ask: Ask): number {
    return 0;
  }

  take(_meter: number, _cap: number, _ask: Ask): void {}

  used(_meter: number, _cap: number, _ask: Ask): number {
    return 0;
  }

  /** Counts a message that `senderKey` received, for the ratio of out to in. */
  noteInbound(_ask: Ask): void {}
}
