/**
 * Regime file text -> dated rows, or every mistake in it with file, line, column and remedy.
 * The shape is shown by `us-10dlc.regimes.yaml`; the meaning of the rows is in `regime-table.ts`.
 */
import {
  type BookError,
  CONFIDENCES,
  note,
  openYaml,
  type Place,
  type Problems,
  readChoice,
  readDate,
  readEntries,
  readFields,
  readList,
  readShare,
  readText,
} from '../../tariffs/index.ts';
import { Regime, REGIMES, type RegimeRow } from './regime-table.ts';

export type RegimeRows =
  | { readonly ok: true; readonly rows: readonly RegimeRow[] }
  | { readonly ok: false; readonly errors: readonly BookError[] };

/** Parses `text`; `file` only says where errors are, `carriers` which names may stand in a row. Never throws. */
export function readRegimes(text: string, file: string, carriers: readonly string[]): RegimeRows {
  const { root, problems } = openYaml(text, file);
  const rows = root && readRows(problems, root, carriers);
  if (rows === undefined || problems.found.length > 0) {
    return { ok: false, errors: problems.found.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, rows };
}

function readRows(problems: Problems, root: Place, carriers: readonly string[]): RegimeRow[] | undefined {
  const fields = readFields(problems, root, 'the regime file', {
    required: ['regimes', 'title', 'timeZone', 'sources', 'rows'],
    optional: [],
  });
  const zone = fields?.get('timeZone');
  if (zone !== undefined) readChoice(problems, zone, 'timeZone', ['UTC']);
  const sources = fields?.get('sources');
  const known = sources && readEntries(problems, sources, 'sources');
  const rows = fields?.get('rows');
  const places = rows && readList(problems, rows, 'rows');
  if (places === undefined || known === undefined) return undefined;

  const seen = new Set<string>();
  return places.flatMap((place) => {
    const row = readRow(problems, place, carriers, [...known.keys()]);
    if (row === undefined) return [];
    const key = `${row.carrier} ${row.fromMs}`;
    if (seen.has(key)) note(problems, place.offset, `a second row for ${row.carrier} on that date: keep one`);
    seen.add(key);
    return [row];
  });
}

function readRow(
  problems: Problems,
  place: Place,
  carriers: readonly string[],
  sources: readonly string[],
): RegimeRow | undefined {
  const fields = readFields(problems, place, 'a regime row', {
    required: ['carrier', 'from', 'regime', 'confidence', 'source'],
    optional: ['share', 'note'],
  });
  const part = <T>(key: string, read: (found: Place) => T | undefined): T | undefined => {
    const found = fields?.get(key);
    return found && read(found);
  };
  const carrier = part('carrier', (found) => readChoice(problems, found, 'carrier', carriers));
  const from = part('from', (found) => readDate(problems, found, 'from'));
  const regime = part('regime', (found) => readChoice(problems, found, 'regime', REGIMES));
  const confidence = part('confidence', (found) => readChoice(problems, found, 'confidence', CONFIDENCES));
  const share = part('share', (found) => readShare(problems, found, 'share'));
  const text = part('note', (found) => readText(problems, found, 'note'));
  const named = part('source', (found) => readList(problems, found, 'source'))?.map((found) =>
    readChoice(problems, found, 'source', sources),
  );
  if (regime !== undefined && (regime === REGIMES[Regime.Filter]) !== (fields?.get('share') !== undefined)) {
    note(problems, place.offset, 'a filter row has a share from 0 to 1, and only a filter row has one');
  }
  if (carrier === undefined || from === undefined || regime === undefined || confidence === undefined) return undefined;
  return {
    carrier,
    fromMs: from.ms,
    regime: REGIMES.indexOf(regime),
    share: share ?? 0,
    confidence,
    sources: (named ?? []).filter((name) => name !== undefined),
    note: text ?? '',
  };
}
