/**
 * Text of a scenario file -> the scenario, or every mistake in it with file, line, column and remedy.
 *
 * A scenario is the file of parameters with some of them set to other values, a first day, a length, and what happens meanwhile. The
 * shape is shown by `seed-world.yaml`, and told to editors by `scenario.schema.json`.
 */
import {
  type BookError,
  type Fields,
  note,
  openYaml,
  type Place,
  plainDateMs,
  type Problems,
  readChoice,
  readDate,
  readEntries,
  readFields,
  readList,
  readPart,
  readText,
} from '../../tariffs/index.ts';
import { type PolicyChoice, type PolicyTerms, readPolicy } from '../policy-expression.ts';
import type { Parameters, Scenario, ScenarioEvent } from '../run.ts';
import { boundsOf, type Parameter, tooMuch, valuesOf } from './parameter-file.ts';
import { type Bounds, readNumber, readWhole } from './read-number.ts';

export interface ScenarioFile {
  readonly scenario: Scenario;
  /** First day, YYYY-MM-DD. */
  readonly start: string;
  /** What is compared where nobody says otherwise, the baseline first. */
  readonly policies: readonly PolicyChoice[];
  /** Ids of the parameters that the scenario sets, at its start or later. */
  readonly sets: ReadonlySet<string>;
}

export type ScenarioRead =
  | { readonly ok: true; readonly file: ScenarioFile }
  | { readonly ok: false; readonly errors: readonly BookError[] };

export const SCENARIO_ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
export const PRICES: readonly Scenario['prices'][] = ['by-date', 'of-start'];
export const REGIMES: readonly Scenario['regimes'][] = ['by-date', 'charge-more'];
/** Brands and spammers of a run, after scaling: some 1.5 GB. */
export const ACTORS_MAX = 200_000;
/** Ten years. */
export const DAYS_MAX = 3_660;

const REQUIRED = ['scenario', 'title', 'description', 'start', 'days', 'prices', 'regimes', 'policies'];
const OPTIONAL = ['parameters', 'events'];
/** Caps of a day end at midnight there. */
const TIME_ZONE = 'America/Los_Angeles';
/** How much a name has in common with another that is taken for a slip of the pen, and how many of those are told. */
const NEAR = 0.5;
const NEAREST_MAX = 3;
const DAYS: Bounds = { min: 1, max: DAYS_MAX, said: `a whole number of days from 1 to ${DAYS_MAX}` };

/** Parses `text`; `path` only says where errors are. Never throws. */
export function readScenario(text: string, path: string, terms: PolicyTerms): ScenarioRead {
  const { root, problems } = openYaml(text, path);
  const file = root && readFile(problems, root, terms);
  if (file === undefined || problems.found.length > 0) {
    return { ok: false, errors: problems.found.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, file };
}

function readFile(problems: Problems, root: Place, terms: PolicyTerms): ScenarioFile | undefined {
  const fields = readFields(problems, root, 'the scenario', { required: REQUIRED, optional: OPTIONAL });
  if (fields === undefined) return undefined;
  const id = readPart(fields, 'scenario', (place) => readId(problems, place));
  const title = readPart(fields, 'title', (place) => readText(problems, place, 'title'));
  const description = readPart(fields, 'description', (place) => readText(problems, place, 'description'));
  const start = readPart(fields, 'start', (place) => readDate(problems, place, 'start'));
  const days = readPart(fields, 'days', (place) => readWhole(problems, place, 'days', DAYS));
  const prices = readPart(fields, 'prices', (place) => readChoice(problems, place, 'prices', PRICES));
  const regimes = readPart(fields, 'regimes', (place) => readChoice(problems, place, 'regimes', REGIMES));
  const policies = readPart(fields, 'policies', (place) => readChoices(problems, place, terms)) ?? [];
  const usual = valuesOf(terms.parameters);
  const own =
    readPart(fields, 'parameters', (place) => readSettings(problems, place, terms.parameters, usual, false)) ?? {};
  const parameters = { ...usual, ...own };
  const events = readEvents(problems, fields, days ?? DAYS_MAX, terms.parameters, parameters);
  if (id === undefined || title === undefined || description === undefined || start === undefined) return undefined;
  if (days === undefined || prices === undefined || regimes === undefined) return undefined;
  const startMs = plainDateMs(start.text, TIME_ZONE);
  return {
    scenario: { id, title, description: description.trim(), startMs, days, prices, regimes, parameters, events },
    start: start.text,
    policies,
    sets: new Set([own, ...events.map(({ set }) => set)].flatMap((one) => Object.keys(one))),
  };
}

/** Brands and spammers of a run. */
export function actorsOf({ parameters }: Pick<Scenario, 'parameters'>, scale: number): number {
  const { brandCount = 0, spammerCount = 0 } = parameters;
  return Math.round((brandCount + spammerCount) * scale);
}

function readId(problems: Problems, place: Place): string | undefined {
  const id = readText(problems, place, 'scenario');
  if (id === undefined || SCENARIO_ID.test(id)) return id;
  note(problems, place.offset, `scenario "${id}" must be a name in small letters and digits, with - between words`);
  return undefined;
}

function readChoices(problems: Problems, place: Place, terms: PolicyTerms): PolicyChoice[] {
  const places = readList(problems, place, 'policies') ?? [];
  if (places.length === 0) note(problems, place.offset, 'policies are none: name at least one, the baseline first');
  const seen = new Set<string>();
  return places.flatMap((found) => {
    const written = readText(problems, found, 'policy');
    if (written === undefined) return [];
    const read = readPolicy(written, terms);
    if (!read.ok) note(problems, found.offset, read.wrong);
    else if (seen.has(written)) note(problems, found.offset, `a second ${written}: name every combination once`);
    seen.add(written);
    return read.ok ? [read.choice] : [];
  });
}

/** Values for some parameters in place of those of `before`, each within what it can be; of an event only those it can change. */
function readSettings(
  problems: Problems,
  place: Place,
  parameters: readonly Parameter[],
  before: Parameters,
  isEvent: boolean,
): Parameters {
  const entries = readEntries(problems, place, 'parameters') ?? new Map<string, never>();
  const read: [id: string, value: number][] = [];
  for (const [id, { keyOffset, ...found }] of entries) {
    const parameter = parameters.find((one) => one.id === id);
    if (parameter === undefined) {
      note(problems, keyOffset, `there is no parameter "${id}"${nearest(id, parameters)}`);
      continue;
    }
    if (isEvent && parameter.atStart === true) {
      note(
        problems,
        keyOffset,
        `${id} is read when the world is made: no event can change it, so set it under parameters`,
      );
    }
    const value = readNumber(problems, found, id, boundsOf(parameter));
    if (value !== undefined) read.push([id, value]);
  }
  const set = Object.fromEntries(read);
  const excess = tooMuch(parameters, { ...before, ...set });
  const first = excess?.ids.map((id) => entries.get(id)).find((entry) => entry !== undefined);
  if (excess !== undefined && first !== undefined) note(problems, first.keyOffset, excess.wrong);
  return set;
}

function readEvents(
  problems: Problems,
  fields: Fields,
  days: number,
  parameters: readonly Parameter[],
  before: Parameters,
): readonly ScenarioEvent[] {
  const within: Bounds = { min: 0, max: days, said: `days since the start, from 0 to ${days}` };
  const places = readPart(fields, 'events', (place) => readList(problems, place, 'events')) ?? [];
  let values = before;
  const events = places.flatMap((place) => {
    const event = readFields(problems, place, 'an event', { required: ['day', 'title', 'set'], optional: [] });
    if (event === undefined) return [];
    const day = readPart(event, 'day', (found) => readNumber(problems, found, 'day', within));
    const title = readPart(event, 'title', (found) => readText(problems, found, 'title'));
    const set = readPart(event, 'set', (found) => readSettings(problems, found, parameters, values, true));
    values = { ...values, ...set };
    return day === undefined || title === undefined || set === undefined ? [] : [{ day, title, set }];
  });
  return events.toSorted((a, b) => a.day - b.day);
}

/** Those whose name has most in common with what was written, since a list of all of them would hide the line. */
function nearest(written: string, parameters: readonly Parameter[]): string {
  const wanted = written.toLowerCase();
  const pairs = (text: string): string[] => Array.from(text.slice(1), (letter, index) => text.charAt(index) + letter);
  const own = pairs(wanted);
  const likeness = (id: string): number => {
    const theirs = pairs(id.toLowerCase());
    return (2 * own.filter((pair) => theirs.includes(pair)).length) / (own.length + theirs.length);
  };
  const near = parameters
    .map(({ id }) => ({ id, share: likeness(id) }))
    .filter(({ share }) => share >= NEAR)
    .toSorted((a, b) => b.share - a.share)
    .slice(0, NEAREST_MAX);
  return near.length === 0
    ? ': those there are stand in simulator/parameters.yaml'
    : `: did you mean ${near.map(({ id }) => id).join(' or ')}?`;
}
