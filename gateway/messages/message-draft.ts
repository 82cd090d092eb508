/**
 * A message as an edge hands it over: parsed and checked, not yet decided.
 * One draft per edge, filled again for each message.
 */
import { MessageKind, Route } from '../router/index.ts';
import { Face } from './faces.ts';

export interface MessageDraft {
  /** NANP numbers as integers. */
  senderKey: number;
  destinationKey: number;
  text: string;
  isUcs2: boolean;
  /** Segments of an SMS, 1 for an MMS. */
  units: number;
  /** `MessageKind`. */
  kind: number;
  /** `Route`. */
  route: number;
  /** Index into TRUTHS. For counters and reports; no rule reads it. */
  truth: number;
  account: string | undefined;
  reference: string | undefined;
  callbackUrl: string | undefined;
  /** Whom its receipt is for beside webhooks, in words of the edge it came by, who is told by others; undefined for nobody. */
  receiptFor: string | undefined;
  /** `Face`: the API it came by. */
  face: number;
  /** What that API has to tell of it later beside what every message has, in words of its own. */
  faceNotes: string | undefined;
  media: readonly string[] | undefined;
  /** For filters, from 0 to 1: what it was decided by before it had to be submitted again. NaN draws. */
  draw: number;
  /** Until when it may be delivered, milliseconds since the epoch; Infinity for as long as routes try. */
  validUntilMs: number;
}

export function emptyDraft(): MessageDraft {
  return {
    senderKey: Number.NaN,
    destinationKey: Number.NaN,
    text: '',
    isUcs2: false,
    units: 1,
    kind: MessageKind.Sms,
    route: Route.A2p,
    truth: 0,
    account: undefined,
    reference: undefined,
    callbackUrl: undefined,
    receiptFor: undefined,
    face: Face.Native,
    faceNotes: undefined,
    media: undefined,
    draw: Number.NaN,
    validUntilMs: Infinity,
  };
}
