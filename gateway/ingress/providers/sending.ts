/**
 * Messages of a provider's API on their way into the gateway: checked as those of our own API are, decided by the same core, and answered
 * when they are kept. What is said of it is the face's.
 */
import { parseNumberKey } from '../../../registry-cache/index.ts';
import { AWAITS_LEASE, emptyDraft, type Intake, type MessageStore, NOT_STORED } from '../../messages/index.ts';
import type { FieldProblem } from '../../problem.ts';
import { type LeaseDraws, submitLeased } from '../http/await-lease.ts';
import { type CallbackGuard, readMessage } from '../http/read-message.ts';
import type { MessageBody } from '../http/schemas.ts';
import type { Caller } from './credentials.ts';

/** A message of a face: fields of our own API, as its check knows them. */
export interface FaceMessage {
  readonly caller: Caller;
  /** `Face`. */
  readonly face: number;
  /** E.164; see `asE164`. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** Addresses; none makes it an SMS. */
  readonly media: readonly string[];
  readonly callbackUrl: string | undefined;
  /** What the face has to tell of it later, in words of its own; read back from `MessageStore.faceNotes`. */
  readonly notes: string | undefined;
  /** By what its sender knows it, if that is not the id of the message; see schedule.ts. */
  readonly reference?: string;
  /** Until when it may be delivered; as long as routes try if left out. */
  readonly validUntilMs?: number;
}

/** What the core made of it. */
export interface Decided {
  /** `DecisionCode`: a row of the face's table. */
  readonly code: number;
  /** Ring place in the store, where all the rest stands; -1 if it was not taken at all, for want of room or of a view of the registry. */
  readonly at: number;
  /** When the same message would fit; 0 where waiting does not help. */
  readonly retryAfterMs: number;
}

export interface SendingParts {
  readonly store: MessageStore;
  readonly intake: Intake;
  readonly leases: LeaseDraws;
  readonly callbackGuard: CallbackGuard;
}

export class Sending {
  readonly #parts: SendingParts;
  readonly #draft = emptyDraft();

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  /** What is wrong with a message, by its field in our own API (`from`, `to`, `text`, `media.0`, `callbackUrl`); undefined if nothing is. */
  check(message: FaceMessage): FieldProblem | undefined {
    return this.#read(message);
  }

  /**
   * Decides a message, unless something is wrong with it: then `refuse` is called, as with the result of `check`. `answer` is called in the
   * turn the message is decided in, and what it returns is handed on once the message is kept. Rejects with `NotKept`.
   */
  send<T>(message: FaceMessage, refuse: (wrong: FieldProblem) => T, answer: (decided: Decided) => T): T | Promise<T> {
    const { intake, leases } = this.#parts;
    const wrong = this.#read(message);
    if (wrong !== undefined) return refuse(wrong);
    const sequence = intake.submit(this.#draft);
    if (sequence !== AWAITS_LEASE) return this.#answer(sequence, answer);
    return submitLeased(
      { leases, intake, draft: this.#draft },
      () => void this.#read(message),
      (decided) => this.#answer(decided, answer),
    );
  }

  #answer<T>(sequence: number, answer: (decided: Decided) => T): T | Promise<T> {
    const { intake, store } = this.#parts;
    const { code, retryAfterMs } = intake.slot;
    const at = sequence === NOT_STORED ? NOT_STORED : sequence % store.capacity;
    const answered = answer({ code, at, retryAfterMs });
    const kept = intake.kept();
    return kept === undefined ? answered : kept.then(() => answered);
  }

  #read({
    caller,
    face,
    from,
    to,
    text,
    media,
    callbackUrl,
    notes,
    validUntilMs,
    reference,
  }: FaceMessage): FieldProblem | undefined {
    const draft = this.#draft;
    const body: MessageBody = { from, to, text, account: caller.account };
    if (media.length > 0) body.media = [...media];
    if (callbackUrl !== undefined) body.callbackUrl = callbackUrl;
    const wrong = readMessage(body, draft, this.#parts.callbackGuard);
    if (wrong !== undefined) return wrong;
    draft.face = face;
    draft.faceNotes = notes;
    draft.reference = reference;
    draft.validUntilMs = validUntilMs ?? Infinity;
    return undefined;
  }
}

/** A US number as people and programs write it, in E.164; what is none comes back as it is, to be refused by its name. */
export function asE164(written: string): string {
  if (parseNumberKey(written) >= 0) return written;
  const bare = written.replaceAll(/[\s().-]/g, '');
  if (/^\d{10}$/.test(bare)) return `+1${bare}`;
  return /^1\d{10}$/.test(bare) ? `+${bare}` : bare;
}
