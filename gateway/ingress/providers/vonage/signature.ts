/**
 * Signatures of Vonage's SMS API: over all parameters but the signature, in order of their names.
 *
 * Its documents have them joined as they are, an ampersand before each; its Node SDK signs requests over their encoded form without the
 * first ampersand, and checks receipts by the documented form. Requests are taken in both; receipts go out as documented.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

type Parameters = Readonly<Record<string, string>>;

const SIGNATURE = 'sig';
const HMACS = ['sha256', 'md5', 'sha1', 'sha512'];

/** HMAC by SHA-256, which is ours to choose: at Vonage it is a setting of the account. */
export function signatureOf(parameters: Parameters, secret: string): string {
  return createHmac('sha256', secret).update(documentedForm(parameters)).digest('hex');
}

/** Whether parameters carry a signature by this secret, of any form and any algorithm that Vonage has. */
export function isSigned(parameters: Parameters, secret: string): boolean {
  const given = (parameters[SIGNATURE] ?? '').toLowerCase();
  return [documentedForm(parameters), encodedForm(parameters)].some((form) =>
    [
      createHash('md5')
        .update(form + secret)
        .digest('hex'),
      ...HMACS.map((hash) => createHmac(hash, secret).update(form).digest('hex')),
    ].some((digest) => digest.length === given.length && timingSafeEqual(Buffer.from(digest), Buffer.from(given))),
  );
}

function documentedForm(parameters: Parameters): string {
  return namesOf(parameters)
    .map((name) => `&${name}=${parameters[name]!.replaceAll(/[&=]/g, '_')}`)
    .join('');
}

function encodedForm(parameters: Parameters): string {
  const encoded = new URLSearchParams(namesOf(parameters).map((name): [string, string] => [name, parameters[name]!]));
  return encoded.toString().replaceAll(/[&=]/g, '_');
}

function namesOf(parameters: Parameters): string[] {
  return Object.keys(parameters)
    .filter((name) => name !== SIGNATURE)
    .sort();
}
