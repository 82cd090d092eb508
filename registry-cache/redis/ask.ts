/** Asking Redis: scripts by their digest, replies as bytes, and every failure as one of few kinds. */
import { StoreUnavailable } from '../registry-store.ts';
import type { RedisConnection } from './connection.ts';
import { NO_ROOM, OTHER_EPOCH, type Script } from './scripts.ts';

type Argument = string | number | Buffer;

/** The registry a script was meant for is not there: the store was emptied, or another one has taken its place. */
export class EpochChanged extends Error {}

/** What a server says that cannot serve now, or not us. */
const UNAVAILABLE =
  /\b(LOADING|CLUSTERDOWN|MASTERDOWN|READONLY|TRYAGAIN|MOVED|ASK|UNBLOCKED|NOREPLICAS|BUSY|MISCONF|NOAUTH|WRONGPASS|NOPERM)\b/;

/**
 * Runs a script. Buffers for texts, numbers for numbers. Rejects with StoreUnavailable, EpochChanged, or RangeError when
 * there is no room for more handles or rows.
 */
export async function run(
  redis: RedisConnection,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<unknown> {
  try {
    return await redis.client.callBuffer('EVALSHA', [script.sha, keys.length, ...keys, ...args]);
  } catch (error) {
    if (!isReply(error, 'NOSCRIPT')) throw failure(error);
  }
  // EVAL also leaves the script there for the next EVALSHA.
  return ask(redis, 'EVAL', script.body, keys.length, ...keys, ...args);
}

/** Runs a command. Rejects with StoreUnavailable. */
export async function ask(redis: RedisConnection, command: string, ...args: readonly Argument[]): Promise<unknown> {
  try {
    return await redis.client.callBuffer(command, [...args]);
  } catch (error) {
    throw failure(error);
  }
}

function isReply(error: unknown, code = ''): error is Error {
  return error instanceof Error && error.name === 'ReplyError' && error.message.startsWith(code);
}

function failure(cause: unknown): Error {
  if (!isReply(cause)) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new StoreUnavailable(`Redis does not answer: ${why}`, { cause });
  }
  const { message } = cause;
  if (message.startsWith(OTHER_EPOCH)) return new EpochChanged(message, { cause });
  if (message.startsWith(NO_ROOM)) return new RangeError(message.slice(NO_ROOM.length + 1));
  if (/\bOOM\b/.test(message)) {
    return new StoreUnavailable('The memory of Redis is full: raise `maxmemory` there, or remove numbers', { cause });
  }
  if (UNAVAILABLE.test(message)) return new StoreUnavailable(`Redis cannot serve now: ${message}`, { cause });
  // Without what the client hangs on its errors: the command with its arguments, which are numbers.
  return new Error(message);
}
