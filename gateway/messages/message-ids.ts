/** Ids of messages: which run of a gateway accepted it, and the how manieth it was there. */

/** Draw keys are runs times messages, and whole in a double: 2^16 times 2^36. */
const RUNS_TOLD_APART = 2 ** 16;
const MESSAGES_OF_A_RUN = 2 ** 36;
const ID = /^M([0-9A-Z]+)-([0-9A-Z]{1,10})$/;

/** @param run a few letters or digits that set this run's ids apart from those of others */
export function messageId(run: string, sequence: number): string {
  return `M${run}-${sequence.toString(36).toUpperCase()}`;
}

/** What an id says; undefined for anything that is none. */
export function parseMessageId(id: string): { readonly run: string; readonly sequence: number } | undefined {
  const [, run, digits] = ID.exec(id) ?? [];
  if (run === undefined || digits === undefined) return undefined;
  const sequence = Number.parseInt(digits, 36);
  return messageId(run, sequence) === id ? { run, sequence } : undefined;
}

/** What the fate of a message is drawn by. Of runs that must not share draws, the numbers differ below 65,536. */
export function drawKeyOf(runNumber: number, sequence: number): number {
  return (runNumber % RUNS_TOLD_APART) * MESSAGES_OF_A_RUN + sequence;
}
