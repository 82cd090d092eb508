/**
 * Text of a campaigns file -> brands and campaigns, or every mistake in it with file, line, column and remedy.
 * The shape is shown by `starter-campaigns.yaml`.
 */
import { CARRIERS, USE_CASES } from '../registry-cache/index.ts';
import {
  ATT_CLASSES,
  attClassOf,
  type BookError,
  note,
  openYaml,
  type Place,
  type Problems,
  readChoice,
  readDate,
  readFields,
  readList,
  readPart,
  readText,
  TMOBILE_TIERS,
  tmobileTierOf,
} from '../tariffs/index.ts';

export interface BrandSpec {
  readonly id: string;
  readonly name: string;
  /** Index into TMOBILE_TIERS. */
  readonly tmobileTier: number;
}

export interface CampaignSpec {
  readonly id: string;
  /** Id of its brand. */
  readonly brand: string;
  /** Index into ATT_CLASSES. */
  readonly attClass: number;
  readonly useCase: string;
  /** Bit i set: active at CARRIERS[i]. */
  readonly status: number;
  /** Milliseconds since the epoch; Infinity for never. */
  readonly expiresAtMs: number;
}

export interface CampaignsFile {
  readonly brands: readonly BrandSpec[];
  readonly campaigns: readonly CampaignSpec[];
}

export type CampaignsRead =
  | { readonly ok: true; readonly file: CampaignsFile }
  | { readonly ok: false; readonly errors: readonly BookError[] };

/** TCR ids: a letter for the kind and six more upper-case letters or digits. */
const BRAND_ID = /^B[A-Z0-9]{6}$/;
const CAMPAIGN_ID = /^C[A-Z0-9]{6}$/;

/** Parses `text`; `path` only says where errors are. Never throws. */
export function readCampaigns(text: string, path: string): CampaignsRead {
  const { root, problems } = openYaml(text, path);
  const file = root && readFile(problems, root);
  if (file === undefined || problems.found.length > 0) {
    return { ok: false, errors: problems.found.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, file };
}

function readFile(problems: Problems, root: Place): CampaignsFile | undefined {
  const fields = readFields(problems, root, 'the campaigns file', { required: ['brands', 'campaigns'], optional: [] });
  if (fields === undefined) return undefined;
  const brandPlaces = readPart(fields, 'brands', (place) => readList(problems, place, 'brands')) ?? [];
  const campaignPlaces = readPart(fields, 'campaigns', (place) => readList(problems, place, 'campaigns')) ?? [];
  const seen = new Set<string>();
  const brands = brandPlaces.flatMap((place) => readBrand(problems, place, seen) ?? []);
  // Also those with a mistake of their own, or each of their campaigns would be told a second one that is none.
  const known = [...seen];
  const campaigns = campaignPlaces.flatMap((place) => readCampaign(problems, place, known, seen) ?? []);
  return { brands, campaigns };
}

function readBrand(problems: Problems, place: Place, seen: Set<string>): BrandSpec | undefined {
  const fields = readFields(problems, place, 'a brand', { required: ['id', 'name', 'tmobileTier'], optional: [] });
  if (fields === undefined) return undefined;
  const tiers = TMOBILE_TIERS.map((tier) => tier.name);
  const id = readPart(fields, 'id', (found) => readId(problems, found, BRAND_ID, 'B', seen));
  const name = readPart(fields, 'name', (found) => readText(problems, found, 'name'));
  const tier = readPart(fields, 'tmobileTier', (found) => readChoice(problems, found, 'tmobileTier', tiers));
  if (id === undefined || name === undefined || tier === undefined) return undefined;
  return { id, name, tmobileTier: tmobileTierOf(tier) };
}

function readCampaign(
  problems: Problems,
  place: Place,
  brands: readonly string[],
  seen: Set<string>,
): CampaignSpec | undefined {
  const fields = readFields(problems, place, 'a campaign', {
    required: ['id', 'brand', 'attClass', 'useCase', 'carriers'],
    optional: ['expires'],
  });
  if (fields === undefined) return undefined;
  const letters = ATT_CLASSES.map((one) => one.letter);
  const names = CARRIERS.map((carrier) => carrier.id);
  const id = readPart(fields, 'id', (found) => readId(problems, found, CAMPAIGN_ID, 'C', seen));
  const brand = readPart(fields, 'brand', (found) => readChoice(problems, found, 'brand', brands));
  const letter = readPart(fields, 'attClass', (found) => readChoice(problems, found, 'attClass', letters));
  const useCase = readPart(fields, 'useCase', (found) => readChoice(problems, found, 'useCase', USE_CASES));
  const expires = readPart(fields, 'expires', (found) => readDate(problems, found, 'expires'));
  const active = readPart(fields, 'carriers', (found) => readList(problems, found, 'carriers'))?.map((found) =>
    readChoice(problems, found, 'carrier', names),
  );
  if (id === undefined || brand === undefined || letter === undefined || useCase === undefined) return undefined;
  return {
    id,
    brand,
    attClass: attClassOf(letter),
    useCase,
    status: statusBits((active ?? []).filter((name) => name !== undefined)),
    expiresAtMs: expires?.ms ?? Infinity,
  };
}

/** The status of a campaign that is active at the carriers named and no other. */
export function statusBits(carriers: readonly string[]): number {
  return CARRIERS.reduce((bits, carrier, index) => (carriers.includes(carrier.id) ? bits | (1 << index) : bits), 0);
}

function readId(
  problems: Problems,
  place: Place,
  pattern: RegExp,
  letter: string,
  seen: Set<string>,
): string | undefined {
  const id = readText(problems, place, 'id');
  if (id === undefined) return undefined;
  if (!pattern.test(id)) note(problems, place.offset, `id "${id}" must be ${letter} and six capital letters or digits`);
  else if (seen.has(id)) note(problems, place.offset, `a second ${id}: ids are given once`);
  seen.add(id);
  return id;
}
