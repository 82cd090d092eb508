/**
 * How Plivo signs its callbacks, with the auth token: over the address alone (V2), and over the address, its query and the parameters of
 * a form, by name and without anything between them (V3).
 */
import { createHmac } from 'node:crypto';
import { type Form, formOf, valuesOf } from '../form.ts';

export interface SignedRequest {
  readonly method: 'GET' | 'POST';
  /** With the query, as the receiver will write it. */
  readonly url: string;
  readonly body: string;
  readonly nonce: string;
}

export function signatureV2(authToken: string, { url, nonce }: SignedRequest): string {
  return hmacOf(authToken, withoutQuery(url) + nonce);
}

export function signatureV3(authToken: string, { method, url, body, nonce }: SignedRequest): string {
  const base = withoutQuery(url);
  const query = joined(formOf(url.slice(base.length + 1)), '=', '&');
  const parameters = method === 'POST' ? joined(formOf(body), '', '') : '';
  const mark = query !== '' || parameters !== '' ? '?' : '';
  const point = query !== '' && parameters !== '' ? '.' : '';
  return hmacOf(authToken, `${base}${mark}${query}${point}${parameters}.${nonce}`);
}

function withoutQuery(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

/** Names in order, the values of each in order. */
function joined(form: Form, between: string, after: string): string {
  return Object.keys(form)
    .sort()
    .flatMap((name) => [...valuesOf(form, name)].sort().map((value) => name + between + value))
    .join(after);
}

function hmacOf(authToken: string, text: string): string {
  return createHmac('sha256', authToken).update(text).digest('base64');
}
