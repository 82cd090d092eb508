/** The events of a running gateway's `/v1/live`, one after the other. */
import type { Summary } from '../messages/index.ts';
import { addressBelow } from './ask-gateway.ts';

/** As much of an event as is shown in a terminal; each is whole. */
export interface LiveTold {
  /** Names one run of a gateway: another counts anew. */
  readonly run: string;
  /** When counting began, by the gateway's clock. */
  readonly sinceMs: number;
  /** The day whose prices and regimes apply, YYYY-MM-DD. */
  readonly tariffDate: string;
  readonly regimes: readonly { readonly carrier: string; readonly regime: string; readonly switched: boolean }[];
  readonly summary: Summary;
}

/** What is at an address is no gateway, or one that has no place for another who watches. */
export class NotWatchable extends Error {}

const EVENT_LENGTH_MAX = 4_194_304;
const DATA = 'data: ';

/** Ends when the gateway does; rejects if it cannot be reached, is lost, or with NotWatchable. */
export async function* liveEvents(url: string, signal: AbortSignal): AsyncGenerator<LiveTold> {
  const response = await fetch(addressBelow(url, '/v1/live'), { signal });
  if (!response.ok || response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
    throw new NotWatchable(await refusalOf(response));
  }
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of response.body ?? []) {
    rest += decoder.decode(bytes as Uint8Array, { stream: true });
    const events = rest.split('\n\n');
    rest = events.pop() ?? '';
    if (rest.length > EVENT_LENGTH_MAX) throw new NotWatchable('it sends an event without an end');
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith(DATA));
      if (data !== undefined) yield JSON.parse(data.slice(DATA.length)) as LiveTold;
    }
  }
}

async function refusalOf(response: Response): Promise<string> {
  const { detail } = (await response.json().catch(() => ({}))) as { detail?: unknown };
  return typeof detail === 'string' ? detail : `it answers ${response.status} and no events`;
}
