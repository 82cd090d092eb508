/** Asks the gateway, with the admin's name and password if they were given; they are kept in this page and nowhere else. */
import { signal } from '@preact/signals';

/** Whether this page may change anything; undefined until the gateway has said. */
export const mayChange = signal<boolean>();
/** Whether the sign-in form is open. */
export const isSigningIn = signal(false);

/** Long enough for a change that takes its time, such as moving the clock by an hour. */
const ANSWER_MS = 30_000;
const LEARN_AGAIN_MS = 2_000;

let authorization: string | undefined;

interface ProblemBody {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

class NotAdmin extends Error {
  constructor() {
    super('Only the admin may do this: sign in first.');
  }
}

/** Answers with the body. @throws Error whose message says what is wrong and what to do */
export async function ask<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const askedWith = authorization;
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      // With its own credentials the browser would put up a dialog of its own.
      credentials: 'omit',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(authorization !== undefined && { authorization }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    text = await response.text();
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    throw new Error(isLate ? 'The gateway does not answer.' : 'The gateway cannot be reached.', { cause: error });
  }
  const answer = parsed(text) as (Body & ProblemBody) | undefined;
  if (response.ok && (answer !== undefined || text === '')) return answer as Body;
  if (response.status === 401) {
    // Of what was asked before somebody signed in it says nothing.
    if (askedWith === authorization) mayChange.value = false;
    throw new NotAdmin();
  }
  const fields = (answer?.errors ?? []).map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new Error(
    fields === '' ? (answer?.detail ?? answer?.title ?? `The gateway answered ${response.status}.`) : fields,
  );
}

/** Undefined for what is not JSON, such as the page that a proxy answers with. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Tries a name and password, and keeps them if they are right. @throws Error that says why not */
export async function signIn(name: string, password: string): Promise<void> {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
  try {
    await checkAdmin();
  } catch (error) {
    authorization = undefined;
    throw error instanceof NotAdmin ? new Error('That is not the admin’s name and password.') : error;
  }
}

export function signOut(): void {
  authorization = undefined;
  mayChange.value = false;
}

async function checkAdmin(): Promise<void> {
  await ask('GET', 'console/admin');
  mayChange.value = true;
}

/** Learns whether this page may change anything, however long the gateway takes to say. */
export function learnWhetherAdmin(): void {
  checkAdmin().catch((error: unknown) => {
    if (!(error instanceof NotAdmin)) setTimeout(learnWhetherAdmin, LEARN_AGAIN_MS);
  });
}
