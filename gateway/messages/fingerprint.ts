/** What tells one message from another: a digest over all that its sender says. */
import { createHash } from 'node:crypto';
import type { MessageDraft } from './message-draft.ts';

/** 128 bits in base64url. */
export const FINGERPRINT_LENGTH = 22;

/** Alike in every gateway. Costs about two microseconds. */
export function fingerprintOf(draft: Readonly<MessageDraft>): string {
  const said = JSON.stringify([
    draft.senderKey,
    draft.destinationKey,
    draft.text,
    draft.media,
    draft.route,
    draft.truth,
    draft.account,
    draft.reference,
    draft.callbackUrl,
  ]);
  return createHash('sha256').update(said).digest('base64url').slice(0, FINGERPRINT_LENGTH);
}
