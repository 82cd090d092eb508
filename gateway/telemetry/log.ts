/** Structured logs that give nobody away: phone numbers are masked, texts never leave, secrets are not printed. */
import { type DestinationStream, type Logger, pino } from 'pino';

/** A log to `stream`, or to standard error. */
export function createLog(level: string, stream?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      redact: {
        paths: ['text', '*.text', 'password', '*.password', 'req.headers.authorization'],
        censor: '[redacted]',
      },
      serializers: {
        req: (request: { method: string; url: string }) => ({ method: request.method, url: maskNumbers(request.url) }),
        res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
      },
    },
    stream ?? pino.destination(2),
  );
}

/** Masks the middle of anything as long as a phone number; what is left mostly tells two numbers apart and names none. */
function maskNumbers(text: string): string {
  return text.replaceAll(/(\d{1,4})\d{5}(\d{2})(?!\d)/g, '$1*****$2');
}
