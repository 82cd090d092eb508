/** Batches by HTTP from a few connections that are never idle: how much a gateway takes when it is never asked for less. */
import { Agent, request } from 'node:http';

const MS_PER_SECOND = 1_000;
const ACCEPTED = '"decision":"accepted"';

export interface FloodOptions {
  readonly urls: readonly string[];
  /** NDJSON, taken by turns. */
  readonly bodies: readonly Buffer[];
  readonly connectionsEach: number;
  readonly seconds: number;
}

/** Messages accepted a second by all gateways together. Rejects if none is, or if it is not known of one. */
export async function flood({ urls, bodies, connectionsEach, seconds }: FloodOptions): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const startMs = performance.now();
  const untilMs = startMs + seconds * MS_PER_SECOND;
  let accepted = 0;
  let sent = 0;
  const keepBusy = async (url: string): Promise<void> => {
    while (performance.now() < untilMs) {
      sent += 1;
      const count = await acceptedOf(agent, url, bodies[sent % bodies.length]!);
      accepted += count;
    }
  };
  await Promise.all(urls.flatMap((url) => Array.from({ length: connectionsEach }, () => keepBusy(url))));
  agent.destroy();
  if (accepted === 0) throw new Error('no message was accepted');
  return (accepted * MS_PER_SECOND) / (performance.now() - startMs);
}

/** Posts one batch. How many of it were accepted; rejects if any might not be kept. */
export function acceptedOf(agent: Agent, url: string, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length };
    const asked = request(`${url}/v1/messages/batch`, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        if (answer.statusCode !== 200 || text.includes('"status":"unknown"')) {
          reject(new Error(`a batch was answered ${answer.statusCode}: ${text.slice(0, 200)}`));
        } else resolve(text.split(ACCEPTED).length - 1);
      });
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
