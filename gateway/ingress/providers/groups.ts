/**
 * Messages to several recipients that their sender knows by one id. To the core they are a message each; the group has the id of the
 * first, which the others carry in their notes. They follow each other as they were taken, so that no table is needed to find them.
 */
import { messageId, type MessageStore, parseMessageId } from '../../messages/index.ts';
import type { FieldProblem } from '../../problem.ts';
import type { Caller } from './credentials.ts';
import type { ReadBack } from './read-back.ts';
import { publicIdOf } from './schedule.ts';
import type { Decided, FaceMessage, Sending } from './sending.ts';

/** What a face that knows groups keeps with every message, beside its own. */
export interface GroupNotes {
  /** The id of the group; none on its first message. */
  readonly group?: string;
  /** How many there are, if more than one. */
  readonly size?: number;
}

/** A message of a group, once the group has an id; before that the first one is made without. */
export type Member = (group: string | undefined) => FaceMessage;

/** How far apart messages of a group are looked for, beyond their number: others may have come between. */
const STRANGERS_MAX = 64;

interface GroupSending<T> {
  readonly refuse: (wrong: FieldProblem) => T;
  /** Of the first message, in the turn it is decided in. */
  readonly answer: (first: Decided) => T;
  /** Whether the rest is sent. */
  readonly isTaken: (first: Decided) => boolean;
  /** Told of each of the rest. */
  readonly other: (decided: Decided) => void;
}

/** Sends all or, if something is wrong with one or the first is not taken, none. Rejects with `NotKept`. */
export async function sendGroup<T>(
  sending: Sending,
  store: MessageStore,
  members: readonly Member[],
  { refuse, answer, isTaken, other }: GroupSending<T>,
): Promise<T> {
  for (const member of members) {
    const wrong = sending.check(member(undefined));
    if (wrong !== undefined) return refuse(wrong);
  }
  const [first, ...rest] = members;
  if (first === undefined) throw new RangeError('a group has no messages');
  let group: string | undefined;
  const answered = await sending.send(first(undefined), refuse, (decided) => {
    if (isTaken(decided)) group = store.idAt(decided.at);
    return answer(decided);
  });
  if (group !== undefined) {
    const sendOne = async (member: Member): Promise<void> => {
      await sending.send(member(group), () => undefined, other);
    };
    await Promise.all(rest.map(sendOne));
  }
  return answered;
}

/**
 * What `read` makes of each message of a group of this caller, by our id of it; undefined if there is none. As many as can be found, the
 * first at their head.
 */
export async function readGroup<T>(
  readBack: ReadBack,
  id: string,
  caller: Caller,
  read: (store: MessageStore, at: number) => T,
): Promise<readonly [T, ...T[]] | undefined> {
  const first = await readBack.find(id, caller, (store, at) => ({ notes: notesOf(store, at), read: read(store, at) }));
  const parsed = parseMessageId(id);
  if (first === undefined || parsed === undefined || first.notes.group !== undefined) return undefined;
  const { size = 1 } = first.notes;
  const all: [T, ...T[]] = [first.read];
  for (let step = 1; all.length < size && step < size + STRANGERS_MAX; step += 1) {
    const member = await readBack.find(messageId(parsed.run, parsed.sequence + step), caller, (store, at) =>
      notesOf(store, at).group === id ? { read: read(store, at) } : undefined,
    );
    if (member !== undefined) all.push(member.read);
  }
  return all;
}

/** Ring places of the group that the message at `at` belongs to, as far as this store has them, in order. */
export function groupPlaces(store: MessageStore, at: number): readonly number[] {
  const { group, size } = notesOf(store, at);
  if (size === undefined) return [at];
  const id = group ?? publicIdOf(store, at);
  const reach = size + STRANGERS_MAX;
  const own = store.sequenceAt(at);
  const places: number[] = [];
  for (let sequence = Math.max(0, own - reach); sequence < own + reach; sequence += 1) {
    const place = sequence % store.capacity;
    if (store.holds(sequence) && isOfGroup(store, place, id)) places.push(place);
  }
  return places;
}

/** The first of a group has its id, the others have it in their notes. */
function isOfGroup(store: MessageStore, at: number, id: string): boolean {
  return publicIdOf(store, at) === id || (store.faceNotes[at]?.includes(id) === true && groupIdOf(store, at) === id);
}

/** Messages a group may have. */
export const GROUP_SIZE_MAX = 1_000;

/** The id of the group of a message, or its own. */
export function groupIdOf(store: MessageStore, at: number, notes: GroupNotes = notesOf(store, at)): string {
  return notes.group ?? publicIdOf(store, at);
}

function notesOf(store: MessageStore, at: number): GroupNotes {
  const notes = store.faceNotes[at];
  return notes === undefined ? {} : (JSON.parse(notes) as GroupNotes);
}
