// One HTTP request as a client sends it who must count on anything: a status and a text, or an error within a known time.
import { Agent, request } from 'node:http';

export interface Asked {
  readonly status: number;
  readonly text: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Until the whole answer is there. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const agent = new Agent({ keepAlive: true });

/** Rejects when there is no whole answer in time. */
export function ask(
  url: string,
  { method = 'GET', headers = {}, body = '', timeoutMs = TIMEOUT_MS }: Asking = {},
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const signal = AbortSignal.timeout(timeoutMs);
    const all = length === 0 ? headers : { ...headers, 'content-length': length };
    const asked = request(url, { method, agent, headers: all, signal }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.complete) resolve({ status: answer.statusCode ?? 0, text });
        else reject(new Error(`${url} hung up in the middle of its answer`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** The same with a JSON body; rejects unless it went well. */
export async function askJson(url: string, method: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const { status, text } = await ask(url, { method, headers, body: JSON.stringify(body) });
  if (status >= 300) throw new Error(`${method} ${url}: ${status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
