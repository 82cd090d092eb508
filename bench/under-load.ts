/** One server under one load for some seconds: what the server did of it, and how long requests took. */
import type { Peer } from './processes.ts';
import type { LoadAnswer, LoadQuestion } from './peers/http-load.ts';
import { stretch, type Stretch, type Usage } from './peers/usage.ts';

/** Load that runs before and after the stretch that counts. */
const RAMP_SECONDS = 0.4;
const TAIL_SECONDS = 0.2;

export interface UnderLoad extends Stretch {
  readonly load: LoadAnswer;
}

export async function underLoad(
  server: Peer<{ readonly url: string }, null, Usage>,
  load: Peer<null, LoadQuestion, LoadAnswer>,
  seconds: number,
): Promise<UnderLoad> {
  const pressing = load.ask({ url: server.ready.url, seconds: RAMP_SECONDS + seconds + TAIL_SECONDS });
  const watching = (async () => {
    await sleep(RAMP_SECONDS);
    const before = await server.ask(null);
    await sleep(seconds);
    return stretch(before, await server.ask(null));
  })();
  const [answer, measured] = await Promise.all([pressing, watching]);
  if (answer.errors > 0) throw new Error(`${answer.errors} of ${answer.requests} requests broke or timed out`);
  return { ...measured, load: answer };
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
