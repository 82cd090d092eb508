/** One question of a command to a running gateway, and what is said when there is no answer. */

const TIMEOUT_MS = 300_000;

export const URL_DEFAULT = 'http://127.0.0.1:8080';
export const CREDENTIALS_HELP =
  'A gateway with admin credentials takes them from TOLLGATE_ADMIN_USER and TOLLGATE_ADMIN_PASSWORD.';

const EXIT_USAGE = 2;

/** The address of `path` at a gateway, whose own may have a path too: that of a sandbox has, and one behind a proxy. Throws a TypeError. */
export function addressBelow(url: string, path: string): URL {
  const base = new URL(url);
  base.pathname = base.pathname.replace(/\/*$/, '/');
  return new URL(`.${path}`, base);
}

/** The gateway's answer, null for an empty one, or undefined after saying on standard error what went wrong. */
export async function askGateway<Answer>(
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer | null | undefined> {
  const payload = body === undefined ? undefined : { type: 'application/json', body: JSON.stringify(body) };
  const answer = await fetchFrom(url, method, path, payload);
  if (answer === undefined) return undefined;
  if (answer.length === 0) return null;
  const told = parsed<Answer>(answer);
  if (told === undefined) fail(`--url: what is at ${url} is no gateway: it does not answer in JSON`);
  return told;
}

/** The same in bytes. */
export async function fetchFrom(
  url: string,
  method: string,
  path: string,
  payload?: { readonly type: string; readonly body: string | Buffer<ArrayBuffer> },
): Promise<Buffer | undefined> {
  const wrong = wrongAddress(url);
  if (wrong !== undefined) {
    fail(wrong);
    return undefined;
  }
  const { TOLLGATE_ADMIN_USER: user, TOLLGATE_ADMIN_PASSWORD: password } = process.env;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  try {
    const response = await fetch(addressBelow(url, path), {
      method,
      headers: {
        ...(user !== undefined && { authorization }),
        ...(payload && { 'content-type': payload.type }),
      },
      ...(payload && { body: payload.body }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = Buffer.from(await response.arrayBuffer());
    if (response.ok) return answer;
    fail(parsed<{ detail?: string }>(answer)?.detail ?? `--url: what is at ${url} answers ${response.status}`);
  } catch {
    fail(`--url: no gateway answers at ${url}; start one with tollgate serve, or give its address`);
  }
  return undefined;
}

/** What is wrong with the address of a gateway, if anything is. */
export function wrongAddress(url: string): string | undefined {
  const { protocol, username, password } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (!/^https?:$/.test(protocol)) return `--url: "${url}" is no address of a gateway; write it as ${URL_DEFAULT}`;
  if (!username && !password) return undefined;
  return `--url: leave credentials out of the address, where others can read them; ${CREDENTIALS_HELP}`;
}

function parsed<Value>(json: Buffer): Value | undefined {
  try {
    return JSON.parse(json.toString()) as Value;
  } catch {
    return undefined;
  }
}

/** Says what is wrong and ends the command with the code for a mistake in the call. */
export function fail(line: string): void {
  process.stderr.write(`tollgate: ${line}\n`);
  process.exitCode = EXIT_USAGE;
}
