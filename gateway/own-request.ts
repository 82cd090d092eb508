/** Requests that a process makes to itself, to read what stands somewhere. Nobody sent them: they are in no figure, no log and no trace. */
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';

const HEADER = 'x-tollgate-own';
/** Known to nobody else. */
const SECRET = randomUUID();

/** Headers that such a request has. */
export const OWN_REQUEST: Readonly<Record<string, string>> = { [HEADER]: SECRET };

export function isOwnRequest({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers[HEADER] === SECRET;
}
