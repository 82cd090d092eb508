/**
 * Text of a parties file -> those who may write to the registries, or every mistake in it with file, line, column and remedy.
 * The shape is shown by `starter-parties.yaml`.
 */
import {
  type BookError,
  type Fields,
  note,
  openYaml,
  type Place,
  type Problems,
  readChoice,
  readFields,
  readFlag,
  readList,
  readPart,
  readText,
} from '../tariffs/index.ts';

interface Party {
  readonly id: string;
  readonly name: string;
  /** What it signs in with, by Basic authentication. */
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** A service provider: it faces brands, and creates them and their campaigns. */
export type Csp = Party;

/** A connectivity partner: campaigns are shared up to it. */
export interface Partner extends Party {
  /** Only a direct connect aggregator writes numbers. */
  readonly kind: 'dca' | 'cnp';
  /** Six digits each, its name towards the carriers; none for a partner that is no DCA. */
  readonly nnids: readonly string[];
  /** Whether it tells whoever traces a number which brand is behind a campaign. A DCA does not have to. */
  readonly discloses: boolean;
}

export interface PartiesFile {
  readonly csps: readonly Csp[];
  readonly partners: readonly Partner[];
}

/** For an operator who lets nobody in. */
export const NO_PARTIES: PartiesFile = { csps: [], partners: [] };

export type PartiesRead =
  | { readonly ok: true; readonly file: PartiesFile }
  | { readonly ok: false; readonly errors: readonly BookError[] };

const CSP_ID = /^S[A-Z0-9]{6}$/;
const PARTNER_ID = /^[A-Z0-9]{2,10}$/;
const NNID = /^[1-9][0-9]{5}$/;

/** Parses `text`; `path` only says where errors are. Never throws. */
export function readParties(text: string, path: string): PartiesRead {
  const { root, problems } = openYaml(text, path);
  const file = root && readFile(problems, root);
  if (file === undefined || problems.found.length > 0) {
    return { ok: false, errors: problems.found.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, file };
}

function readFile(problems: Problems, root: Place): PartiesFile | undefined {
  const fields = readFields(problems, root, 'the parties file', { required: ['csps', 'partners'], optional: [] });
  if (fields === undefined) return undefined;
  const seen = new Set<string>();
  const list = (key: string): readonly Place[] =>
    readPart(fields, key, (place) => readList(problems, place, key)) ?? [];
  return {
    csps: list('csps').flatMap((place) => readCsp(problems, place, seen) ?? []),
    partners: list('partners').flatMap((place) => readPartner(problems, place, seen) ?? []),
  };
}

function readCsp(problems: Problems, place: Place, seen: Set<string>): Csp | undefined {
  const required = ['id', 'name', 'apiKey', 'apiSecret'];
  const fields = readFields(problems, place, 'a CSP', { required, optional: [] });
  return fields && readParty(problems, fields, CSP_ID, 'S and six capital letters or digits', seen);
}

function readPartner(problems: Problems, place: Place, seen: Set<string>): Partner | undefined {
  const required = ['id', 'name', 'kind', 'apiKey', 'apiSecret'];
  const fields = readFields(problems, place, 'a partner', { required, optional: ['nnids', 'discloses'] });
  if (fields === undefined) return undefined;
  const party = readParty(problems, fields, PARTNER_ID, '2 to 10 capital letters or digits', seen);
  const kind = readPart(fields, 'kind', (found) => readChoice(problems, found, 'kind', ['dca', 'cnp']));
  const places = readPart(fields, 'nnids', (found) => readList(problems, found, 'nnids')) ?? [];
  const nnids = places.flatMap((found) => readOnce(problems, found, 'nnid', NNID, 'six digits in quotes', seen) ?? []);
  const discloses = readPart(fields, 'discloses', (found) => readFlag(problems, found, 'discloses')) ?? false;
  if (kind === 'dca' && places.length === 0) note(problems, place.offset, 'a DCA needs nnids: list at least one');
  if (kind === 'cnp' && places.length > 0) note(problems, place.offset, 'nnids belong to a DCA; remove them');
  if (party === undefined || kind === undefined) return undefined;
  return { ...party, kind: kind as Partner['kind'], nnids, discloses };
}

function readParty(
  problems: Problems,
  fields: Fields,
  pattern: RegExp,
  shape: string,
  seen: Set<string>,
): Party | undefined {
  const id = readPart(fields, 'id', (found) => readOnce(problems, found, 'id', pattern, shape, seen));
  const name = readPart(fields, 'name', (found) => readText(problems, found, 'name'));
  const apiKey = readPart(fields, 'apiKey', (found) =>
    readOnce(problems, found, 'apiKey', /^[^:]+$/, 'text without a colon', seen),
  );
  const apiSecret = readPart(fields, 'apiSecret', (found) => readText(problems, found, 'apiSecret'));
  if (id === undefined || name === undefined || apiKey === undefined || apiSecret === undefined) return undefined;
  return { id, name, apiKey, apiSecret };
}

/** A text of a shape that nothing else in the file may have. */
function readOnce(
  problems: Problems,
  place: Place,
  field: string,
  pattern: RegExp,
  shape: string,
  seen: Set<string>,
): string | undefined {
  const text = readText(problems, place, field);
  if (text === undefined) return undefined;
  if (!pattern.test(text)) note(problems, place.offset, `${field} "${text}" must be ${shape}`);
  else if (seen.has(text)) note(problems, place.offset, `a second ${text}: ids, keys and NNIDs are given once`);
  seen.add(text);
  return text;
}
