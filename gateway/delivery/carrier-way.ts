/** A carrier's profile for one way, made ready: shares as the draws below them, times as tables. */
import type { CarrierProfile } from './carrier-profiles.ts';
import { DRAWS } from './fate.ts';
import { lognormalTable } from './lognormal.ts';

/** By what it was made of: tables take a while, and every gateway of a process has the same carriers as a rule. */
const made = new WeakMap<CarrierProfile, CarrierWay>();

export class CarrierWay {
  /** That of a profile; made once. */
  static of(profile: CarrierProfile): CarrierWay {
    let way = made.get(profile);
    if (way === undefined) made.set(profile, (way = new CarrierWay(profile)));
    return way;
  }

  readonly receiptIsOfHandset: boolean;
  readonly receiptPerSegment: boolean;
  readonly receiptMs: Uint32Array;
  readonly handsetMs: Uint32Array;
  readonly receiptLateMs: Uint32Array;
  readonly complaintMs: Uint32Array;
  readonly unreachable: number;
  readonly receiptless: number;
  readonly receiptLost: number;
  readonly receiptLate: number;
  readonly receiptDuplicate: number;
  readonly filterRegistered: number;
  readonly filterUnregistered: number;
  readonly falseFilter: number;
  readonly complaint: number;
  /** Whether every message has its receipt, once and in time. */
  readonly hasPlainReceipts: boolean;

  private constructor(profile: CarrierProfile) {
    this.receiptIsOfHandset = profile.receiptIsOfHandset;
    this.receiptPerSegment = profile.receiptPerSegment;
    this.receiptMs = lognormalTable(profile.receiptTime);
    this.handsetMs = lognormalTable(profile.handsetTime);
    this.receiptLateMs = lognormalTable(profile.receiptLateTime);
    this.complaintMs = lognormalTable(profile.complaintTime);
    this.unreachable = drawsOf(profile.unreachableShare);
    this.receiptless = drawsOf(profile.receiptlessShare);
    this.receiptLost = drawsOf(profile.receiptLostShare);
    this.receiptLate = drawsOf(profile.receiptLateShare);
    this.receiptDuplicate = drawsOf(profile.receiptDuplicateShare);
    this.filterRegistered = drawsOf(profile.filterShareRegistered);
    this.filterUnregistered = drawsOf(profile.filterShareUnregistered);
    this.falseFilter = drawsOf(profile.falseFilterShare);
    this.complaint = drawsOf(profile.complaintShare);
    this.hasPlainReceipts = this.receiptless + this.receiptLost + this.receiptLate + this.receiptDuplicate === 0;
  }
}

/**
 * How many of all draws are a share: those below it.
 * @throws RangeError if it is not from 0 to 1
 */
export function drawsOf(share: number): number {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a share is from 0 to 1, got ${share}`);
  return Math.round(share * DRAWS);
}
