/**
 * Answers over HTTP -> accepted, refused or wrong, and which receipts are to come.
 *
 * A refusal names its decision: a limit or a rule has done what it is there for. Anything else that is not a 2xx is an error.
 */
import type { TargetParts } from './target.ts';

const DECISION = '"decision":"';
const STATUS = '"status":"';
const TOO_MANY = 429;
const A = 0x61;
const Q = 0x71;
const R = 0x72;

/** A request that was answered: its first message's number, and how many it has. */
export interface AnsweredRequest {
  readonly dueMs: number;
  readonly number: number;
  readonly messages: number;
}

/** Counts what an answer says of its messages. */
export function readAnswer(parts: TargetParts, request: AnsweredRequest, status: number, body: Buffer): void {
  const { tally, awaited, nowMs } = parts;
  const { dueMs, number, messages } = request;
  const atMs = nowMs();
  tally.answered(dueMs, atMs);
  const isOk = status >= 200 && status < 300;
  if (isOk && messages > 1) {
    readResults(parts, request, body, atMs);
  } else if (isOk) {
    tally.accepted(dueMs, atMs, 1);
    awaited?.await(number, dueMs);
  } else {
    const decision = wordAt(body, body.indexOf(DECISION, 0, 'latin1'), DECISION);
    if (decision !== undefined && messages === 1) tally.refused(dueMs, decision, messages);
    else if (status === TOO_MANY) tally.refused(dueMs, `HTTP ${status}`, messages);
    else tally.wrong(dueMs, `HTTP ${status}`, messages);
  }
}

/** The results of a batch come in the order of its messages, each with one status. */
function readResults({ tally, awaited }: TargetParts, request: AnsweredRequest, body: Buffer, atMs: number): void {
  const { dueMs, number, messages } = request;
  let accepted = 0;
  let index = 0;
  for (let at = body.indexOf(STATUS, 0, 'latin1'); at >= 0 && index < messages; index += 1) {
    const next = body.indexOf(STATUS, at + STATUS.length, 'latin1');
    const letter = body[at + STATUS.length];
    if (letter === A || letter === Q) {
      accepted += 1;
      awaited?.await(number + index, dueMs);
    } else if (letter === R) {
      const result = body.subarray(at, next < 0 ? undefined : next);
      const decision = wordAt(result, result.indexOf(DECISION, 0, 'latin1'), DECISION);
      tally.refused(dueMs, decision ?? 'rejected', 1);
    } else {
      tally.wrong(dueMs, wordAt(body, at, STATUS) ?? 'no status', 1);
    }
    at = next;
  }
  if (accepted > 0) tally.accepted(dueMs, atMs, accepted);
  if (index < messages) tally.wrong(dueMs, 'left out of the answer', messages - index);
}

function wordAt(body: Buffer, at: number, before: string): string | undefined {
  if (at < 0) return undefined;
  const from = at + before.length;
  const to = body.indexOf('"', from, 'latin1');
  return to < 0 ? undefined : body.toString('latin1', from, to);
}
