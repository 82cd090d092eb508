/** What is the same of requests for all who look at them beside their routes: the log, figures, traces, the audit log. */
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';

const OWN = 'x-tollgate-own';
/** Known to nobody else. */
const SECRET = randomUUID();

/** Headers of a request that a process makes to itself, to read what stands somewhere. Nobody sent it: it is in no figure, no log and no trace. */
export const OWN_REQUEST: Readonly<Record<string, string>> = { [OWN]: SECRET };

export function isOwnRequest({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers[OWN] === SECRET;
}

/** The address of a request as it is to be masked: an escape before a number would hide where it begins. One that cannot be decoded stays as it is. */
export function decodedUrl(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
