/**
 * The gateway's own routes, asked over its port as any client asks them: what they check and answer is checked and answered here too.
 * Fastify's way without a socket would do but for Jest, which cannot load a module of it on Node 20.
 */

/** A gateway that said no, in its own words. */
export class TollgateRefused extends Error {
  readonly status: number;
  /** What it answered. */
  readonly body: unknown;

  constructor(status: number, body: unknown, what: string) {
    const { detail } = (body ?? {}) as { detail?: string };
    super(detail === undefined ? `${what} was answered with ${status}` : detail);
    this.name = 'TollgateRefused';
    this.status = status;
    this.body = body;
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Ask = <Body>(method: Method, url: string, body?: object) => Promise<Body>;

/**
 * Asks the gateway at `base`, the URL in front of its paths. Rejects with TollgateRefused for every answer that is none of success,
 * unless it is one of `alsoGood`.
 */
export function askOf(base: string, alsoGood: readonly number[] = []): Ask {
  return async <Body>(method: Method, path: string, body?: object) => {
    const answer = await fetch(`${base}${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const read = await jsonOf(answer);
    if (!answer.ok && !alsoGood.includes(answer.status))
      throw new TollgateRefused(answer.status, read, `${method} ${path}`);
    return read as Body;
  };
}

/** The whole state of the gateway at `base`. */
export async function readSnapshot(base: string): Promise<Uint8Array> {
  const answer = await fetch(`${base}/v1/snapshot`);
  if (!answer.ok) throw new TollgateRefused(answer.status, await jsonOf(answer), 'snapshot');
  return new Uint8Array(await answer.arrayBuffer());
}

/** Puts it back. */
export async function writeSnapshot(base: string, snapshot: Uint8Array): Promise<void> {
  const answer = await fetch(`${base}/v1/snapshot`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(snapshot),
  });
  const read = await jsonOf(answer);
  if (!answer.ok) throw new TollgateRefused(answer.status, read, 'restore');
}

async function jsonOf(answer: Response): Promise<unknown> {
  const text = await answer.text();
  const isJson = /\bjson\b/.test(answer.headers.get('content-type') ?? '');
  return isJson && text !== '' ? JSON.parse(text) : undefined;
}
