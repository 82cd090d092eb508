/** The recording and alert rules, read from their files. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Rule {
  readonly expr: string;
  readonly record?: string;
  readonly alert?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Those of a file beside the configuration that names it. */
export function rulesIn(file: string): readonly Rule[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
}
