/** Signatures as Standard Webhooks 1.0 has them (standardwebhooks.com): symmetric, version v1. */
import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/** The headers that let a receiver check where a post comes from, that it is whole, and that it is not an old one played again. */
export function signatureHeaders(
  { id, body }: { readonly id: string; readonly body: string },
  secret: string | undefined,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === undefined) return headers;
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}
