/** Asks the gateway, with the admin's name and password if they were given; they are kept in this page and nowhere else. */
import { signal } from '@preact/signals';

/** Whether this page may change anything; undefined until the gateway has said. */
export const mayChange = signal<boolean>();
/** Whether the sign-in form is open. */
export const isSigningIn = signal(false);

let authorization: string | undefined;

interface ProblemBody {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** Answers with the body. @throws Error whose message says what is wrong and what to do */
export async function ask<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  let response: Response;
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
    });
  } catch {
    throw new Error('The gateway cannot be reached.');
  }
  const text = await response.text();
  const answer = (text === '' ? undefined : JSON.parse(text)) as Body & ProblemBody;
  if (response.ok) return answer;
  if (response.status === 401) throw new Error('Only the admin may do this: sign in first.');
  const fields = (answer.errors ?? []).map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new Error(
    fields === '' ? (answer.detail ?? answer.title ?? `The gateway answered ${response.status}.`) : fields,
  );
}

/** Tries a name and password, and keeps them if they are right. */
export async function signIn(name: string, password: string): Promise<boolean> {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
  if (await checkAdmin()) return true;
  authorization = undefined;
  return false;
}

export function signOut(): void {
  authorization = undefined;
  mayChange.value = false;
}

export async function checkAdmin(): Promise<boolean> {
  try {
    await ask('GET', 'console/admin');
    mayChange.value = true;
  } catch {
    mayChange.value = false;
  }
  return mayChange.value;
}
