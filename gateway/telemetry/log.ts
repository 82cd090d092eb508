/**
 * Structured logs that give nobody away, whoever writes a line: phone numbers are masked wherever they stand, members that are named like
 * secrets or texts are not printed, and of an error nothing but its kind, words and stack, as clients hang on to it what they were sending.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import { maskNumbers } from '../../registry-cache/index.ts';
import { decodedUrl } from '../requests.ts';

const CENSOR = '[redacted]';
const SECRET = /passw|secret|token|credential|authorization|cookie|^text$/i;
/** Levels of objects in objects that are looked into; what lies deeper is not printed. */
const DEPTH_MAX = 5;
/** A string of JSON with its quotes. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g;
/** User name and password before the host of an address. */
const USER_INFO = /:\/\/[^\s/"@]*@/g;

/** A log to `stream`, or to standard error. */
export function createLog(level: string, stream?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      formatters: { log: printable },
      serializers: {
        req: (request: { method: string; url: string }) => ({ method: request.method, url: decodedUrl(request.url) }),
        res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
        err: told,
      },
      hooks: { streamWrite: (line) => line.replaceAll(QUOTED, masked) },
    },
    stream ?? pino.destination(2),
  );
}

function masked(quoted: string): string {
  return maskNumbers(quoted.replaceAll(USER_INFO, '://'));
}

function printable(members: object, depth = 0): Record<string, unknown> {
  const entries = Object.entries(members).map(([name, value]: [string, unknown]) => [
    name,
    SECRET.test(name) ? CENSOR : shown(value, depth),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return told(value);
  if (depth === DEPTH_MAX) return CENSOR;
  if (Array.isArray(value)) return value.map((one) => shown(one, depth + 1));
  // What has a shape of its own for print, such as a request's serializer or a date, keeps it.
  return Object.getPrototypeOf(value) === Object.prototype ? printable(value, depth + 1) : value;
}

function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, code } = error as NodeJS.ErrnoException;
  return { type: name, message, code, stack };
}
