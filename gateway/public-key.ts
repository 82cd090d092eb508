/** Public keys of applications, as accounts declare them. */
import { createPublicKey } from 'node:crypto';

export const PUBLIC_KEY_SHAPE =
  'must be an RSA public key in PEM, from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----';

/** Whether `pem` is one that JWTs by RS256 can be checked with. A private key, of which a public one could be made, is none. */
export function isPublicKey(pem: string): boolean {
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) return false;
  try {
    return createPublicKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
