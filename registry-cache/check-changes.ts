/**
 * What every store asks of a batch of changes before it applies any of them.
 */
import { HANDLE_MAX, KEY_MAX, KEY_MIN } from './number-index.ts';
import { NO_CAMPAIGN } from './number-registry.ts';
import { ANY_NNID, CHANGES_MAX, FAILURE_REASONS, MOMENT_MAX, NNIDS_MAX, type NumberChange } from './registry-store.ts';

/** How many handles and rows a store has given out. */
export interface Known {
  readonly campaigns: number;
  readonly nnids: number;
}

/** Throws RangeError, naming the change and the field, for what the port says is refused. */
export function checkChanges(changes: readonly NumberChange[], nowMs: number, known: Known): void {
  if (changes.length > CHANGES_MAX) {
    throw new RangeError(
      `${changes.length} changes in one call; ${CHANGES_MAX} at most, so send them in several calls`,
    );
  }
  checkMoment('nowMs', nowMs);
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i]!;
    try {
      checkChange(change, known);
    } catch (error) {
      throw error instanceof RangeError ? new RangeError(`change ${i}: ${error.message}`) : error;
    }
  }
}

/** Throws RangeError for what is not the key of a number. */
export function checkKey(key: number): void {
  if (!isWhole(key, KEY_MIN, KEY_MAX)) {
    throw new RangeError(`key ${key} is not a number key: keys are whole numbers from ${KEY_MIN} to ${KEY_MAX}`);
  }
}

export function checkMoment(field: string, moment: number): void {
  if (!isWhole(moment, 0, MOMENT_MAX)) {
    throw new RangeError(`${field} ${moment} is not a whole number of milliseconds from 0 to ${MOMENT_MAX}`);
  }
}

/** Throws RangeError for a campaign that does not fit the handles there are, which is one more than `HANDLE_MAX`. */
export function checkCampaignRoom(count: number): void {
  if (count > HANDLE_MAX + 1) throw new RangeError(`${count} campaigns; no more than ${HANDLE_MAX + 1} fit a registry`);
}

export function checkNnids(nnids: readonly string[]): void {
  for (const nnid of nnids) {
    if (!/^\d{6}$/.test(nnid)) throw new RangeError(`NNID ${JSON.stringify(nnid)} is not six digits`);
  }
}

export function checkNnidRoom(count: number): void {
  if (count > NNIDS_MAX) throw new RangeError(`${count} NNIDs; no more than ${NNIDS_MAX} fit a registry`);
}

function checkChange(change: NumberChange, known: Known): void {
  checkKey(change.key);
  if (change.kind === 'remove') {
    if (change.nnid !== ANY_NNID) checkRow('nnid', change.nnid, known.nnids);
    return;
  }
  if (change.kind !== 'fail' || change.campaign !== NO_CAMPAIGN) checkRow('campaign', change.campaign, known.campaigns);
  checkRow('nnid', change.nnid, known.nnids);
  if (change.kind === 'fail') {
    if (!FAILURE_REASONS.includes(change.reason)) {
      throw new RangeError(`reason ${change.reason} is none of ${FAILURE_REASONS.join(', ')}`);
    }
    return;
  }
  checkMoment('activeAtMs', change.activeAtMs);
  if (change.numberLimit !== Infinity && !isWhole(change.numberLimit, 0, Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`numberLimit ${change.numberLimit} is neither a whole number from 0 nor Infinity`);
  }
}

function checkRow(field: string, row: number, count: number): void {
  if (!isWhole(row, 0, count - 1)) {
    throw new RangeError(`${field} ${row} was not given out by this registry, which has given out 0 to ${count - 1}`);
  }
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
