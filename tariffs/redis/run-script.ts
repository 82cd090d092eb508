/** Running scripts in Redis by their digest, every failure as one kind of error. */
import type { Cluster, Redis } from 'ioredis';
import type { Script } from './scripts.ts';

/** A connection that whoever opened it keeps and closes. Commands on it fail within a stated time, and none is sent twice. */
export interface QuotaConnection {
  readonly client: Redis | Cluster;
}

/** Redis did not answer, or not with what was asked for. What was asked may have been done. */
export class QuotasUnavailable extends Error {}

/** Rejects with QuotasUnavailable. */
export async function runScript(
  { client }: QuotaConnection,
  { sha, body }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    try {
      return await client.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    }
    // EVAL also leaves the script there for the next EVALSHA.
    return await client.eval(body, keys.length, ...keys, ...args);
  } catch (error) {
    // Without what the client hangs on its errors: the command with its arguments.
    const why = error instanceof Error ? error.message : String(error);
    throw new QuotasUnavailable(`Redis does not serve shared limits: ${why}`);
  }
}
