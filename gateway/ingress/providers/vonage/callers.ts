/** Who calls one of Vonage's APIs. */
import type { Caller, Credentials } from '../credentials.ts';
import { readJwt, RS256 } from '../tokens.ts';
import { type MessagesProblem, type SmsError, smsError, UNAUTHORIZED } from './errors.ts';
import { isSigned } from './signature.ts';

const BEARER = 'Bearer ';

/** The SMS API: by Basic, by `api_key` and `api_secret`, or by `api_key` and a signature over all parameters. */
export function smsCaller(
  credentials: Credentials,
  authorization: string | undefined,
  parameters: Readonly<Record<string, string>>,
): Caller | SmsError {
  if (authorization !== undefined) return credentials.basic(authorization) ?? smsError('4');
  const { api_key: key, api_secret: secret, sig } = parameters;
  if (key === undefined) return smsError('2', 'Missing api_key');
  if (secret !== undefined && sig !== undefined) return smsError('32');
  if (secret !== undefined) return credentials.pair(key, secret) ?? smsError('4');
  if (sig === undefined) return smsError('2', 'Missing api_secret');
  return credentials.proven(key, (known) => isSigned(parameters, known)) ?? smsError('14');
}

/**
 * The Messages API: by Basic, or by a JWT of an application, which signs it by RS256 and whose public key its account has declared. One by
 * HS256 that is signed with the secret of the account, and names its id, is taken too. When a JWT runs out is not asked: that is by the
 * clock of its sender, which is not that of a simulation.
 */
export function messagesCaller(credentials: Credentials, authorization: string | undefined): Caller | MessagesProblem {
  if (authorization?.startsWith(BEARER) !== true) return credentials.basic(authorization) ?? UNAUTHORIZED;
  const jwt = readJwt(authorization.slice(BEARER.length));
  const id = jwt?.claims['application_id'];
  if (jwt === undefined || typeof id !== 'string') return UNAUTHORIZED;
  const caller =
    jwt.algorithm === RS256
      ? credentials.provenByKey(id, (publicKey) => jwt.isSignedFor(publicKey))
      : credentials.proven(id, (secret) => jwt.isSignedWith(secret));
  return caller ?? UNAUTHORIZED;
}
