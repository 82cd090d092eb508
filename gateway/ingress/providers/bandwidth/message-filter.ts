/** What a list of messages is asked for by, in Bandwidth's words. */
import { type Form, valuesOf } from '../form.ts';
import { type FieldError } from './errors.ts';
import type { ListedMessage } from './message-view.ts';

export interface MessageFilter {
  readonly limit: number;
  /** Messages passed over. */
  readonly offset: number;
  readonly limitsTotal: boolean;
  matches(message: ListedMessage): boolean;
  order(one: ListedMessage, other: ListedMessage): number;
}

const LIMIT_DEFAULT = 100;
/** Messages that can be reached, page by page. */
export const LISTED_MAX = 10_000;
const NUMBERS_MAX = 10;
const NUMBER_PART_MIN = 5;

/** Fields of which a message has nothing to be found by here. */
const UNKNOWN_OF_ALL = [
  'product',
  'location',
  'bwQueued',
  'carrierQueued',
  'fromBwLatency',
  'fromCarrierLatency',
  'fromMessageSize',
  'toMessageSize',
];
const EXACT = [
  'messageId',
  'messageStatus',
  'messageDirection',
  'carrierName',
  'messageType',
  'campaignId',
  'callingNumberCountryA3',
  'calledNumberCountryA3',
];
const SORTED_BY = ['receiveTime', 'sourceTn', 'destinationTn', 'messageStatus', 'segmentCount', 'errorCode'];

type Test = (message: ListedMessage) => boolean;

/** A query as a filter; or the parameter that is wrong. */
export function readFilter(query: Form): MessageFilter | FieldError {
  const tests: Test[] = [];
  const value = (name: string): string | undefined => valuesOf(query, name)[0];
  for (const name of Object.keys(query)) {
    if (valuesOf(query, name).length > 1) return { fieldName: name, description: 'is there more than once' };
  }
  for (const name of EXACT) {
    const wanted = value(name);
    if (wanted !== undefined) tests.push((message) => message[name] === wanted);
  }
  if (UNKNOWN_OF_ALL.some((name) => value(name) !== undefined)) tests.push(() => false);
  for (const name of ['sourceTn', 'destinationTn'] as const) {
    const numbers = value(name)?.split(',');
    if (numbers === undefined) continue;
    if (numbers.length > NUMBERS_MAX || numbers.some((number) => number.length < NUMBER_PART_MIN)) {
      return { fieldName: name, description: `must be up to ${NUMBERS_MAX} numbers, or five characters of one` };
    }
    const [first = ''] = numbers;
    tests.push((message) => (numbers.length > 1 ? numbers.includes(message[name]) : message[name].startsWith(first)));
  }
  for (const [name, field, sign] of RANGES) {
    const given = value(name);
    if (given === undefined) continue;
    const bound = field === 'receiveTime' ? Date.parse(given) : wholeOf(given);
    if (Number.isNaN(bound)) return { fieldName: name, description: `'${given}' is none` };
    tests.push((message) => {
      const at = field === 'receiveTime' ? Date.parse(message[field]) : message[field];
      return sign === 0 ? at === bound : (at - bound) * sign >= 0;
    });
  }
  const limit = wholeOf(value('limit') ?? String(LIMIT_DEFAULT));
  const offset = offsetOf(value('pageToken'));
  if (!(limit >= 1) || limit + offset > LISTED_MAX) {
    return { fieldName: 'limit', description: `must be a whole number that reaches no further than ${LISTED_MAX}` };
  }
  if (Number.isNaN(offset)) return { fieldName: 'pageToken', description: 'is none that an earlier page gave' };
  const [by = '', direction = ''] = (value('sort') ?? 'receiveTime:desc').split(':');
  if (!SORTED_BY.includes(by) || (direction !== 'asc' && direction !== 'desc')) {
    return { fieldName: 'sort', description: `must be one of ${SORTED_BY.join(', ')}, and :asc or :desc` };
  }
  const sign = direction === 'asc' ? 1 : -1;
  return {
    limit,
    offset,
    limitsTotal: value('limitTotalCount') === 'true',
    matches: (message) => tests.every((test) => test(message)),
    order: (one, other) => sign * compare(one[by], other[by]),
  };
}

/** Bounds of a range; 0 asks for the very value. */
const RANGES = [
  ['errorCode', 'errorCode', 0],
  ['fromDateTime', 'receiveTime', 1],
  ['toDateTime', 'receiveTime', -1],
  ['fromSegmentCount', 'segmentCount', 1],
  ['toSegmentCount', 'segmentCount', -1],
] as const;

export function tokenOf(offset: number): string {
  return Buffer.from(String(offset)).toString('base64url');
}

function offsetOf(token: string | undefined): number {
  return token === undefined ? 0 : wholeOf(Buffer.from(token, 'base64url').toString());
}

function wholeOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function compare(one: unknown, other: unknown): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [left, right] = [String(one), String(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}
