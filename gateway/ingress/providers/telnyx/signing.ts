/**
 * How Telnyx signs its webhooks: Ed25519 over the time and the body. The key comes from a seed that anybody can read, so that it is the
 * same in every gateway and at every start; the public one is served at `/telnyx/v2/public_key`.
 */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

const SEED = createHash('sha256').update('tollgate: webhooks as of Telnyx').digest();
/** Before the 32 bytes of a key of Ed25519 in PKCS #8 (RFC 8410, 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const RAW_KEY_BYTES = 32;

const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, SEED]), format: 'der', type: 'pkcs8' });

/** The raw public key in base64, as Telnyx's portal shows it. */
export const TELNYX_PUBLIC_KEY = createPublicKey(privateKey)
  .export({ format: 'der', type: 'spki' })
  .subarray(-RAW_KEY_BYTES)
  .toString('base64');

/** @param timestamp seconds since the epoch */
export function signatureOf(timestamp: number, body: string): string {
  return sign(null, Buffer.from(`${timestamp}|${body}`), privateKey).toString('base64');
}
