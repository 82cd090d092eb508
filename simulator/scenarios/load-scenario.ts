/** Scenarios by name or path, and the parameters they change. Synchronous: for the start of a command. */
import { readFileSync } from 'node:fs';
import { type BookError, formatBookError } from '../../tariffs/index.ts';
import { readPackageFile } from '../package-files.ts';
import { POLICIES } from '../policies/index.ts';
import { type Parameter, readParameters } from './parameter-file.ts';
import { readScenario, type ScenarioFile } from './scenario-file.ts';

/** Those that ship with the package, the seed's world first. */
export const BUILT_IN_SCENARIOS: readonly string[] = [
  'seed-world',
  'national',
  'small-town',
  'history-2021-2026',
  'spam-surge',
  'carrier-exit',
];

const PARAMETERS = 'simulator/parameters.yaml';

export type LoadedScenario =
  | { readonly ok: true; readonly file: ScenarioFile }
  /** Every mistake at its place, one on a line. */
  | { readonly ok: false; readonly lines: readonly string[] };

/** All parameters, as the package has them. */
export function loadParameters(): readonly Parameter[] {
  const read = readParameters(readPackageFile(PARAMETERS), PARAMETERS);
  if (!read.ok) throw new Error(`the packaged parameters have mistakes:\n${told(read.errors).join('\n')}`);
  return read.parameters;
}

/** @param name a built-in scenario, or the path of a file */
export function loadScenario(name: string): LoadedScenario {
  const isBuiltIn = BUILT_IN_SCENARIOS.includes(name);
  const path = isBuiltIn ? `simulator/scenarios/${name}.yaml` : name;
  const found = isBuiltIn ? readPackageFile(path) : readFile(path);
  if (typeof found !== 'string') return { ok: false, lines: [found.wrong] };
  const read = readScenario(found, path, { parameters: loadParameters(), policies: POLICIES });
  return read.ok ? read : { ok: false, lines: told(read.errors) };
}

function told(errors: readonly BookError[]): string[] {
  return errors.map((error) => formatBookError(error));
}

function readFile(path: string): string | { readonly wrong: string } {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { wrong: `${path} cannot be read (${code}): name a file, or one of ${BUILT_IN_SCENARIOS.join(', ')}` };
  }
}
