/** Options that several `tollgate registry` commands share, and how their values are read. */
import { InvalidArgumentError, Option } from 'commander';
import { extname } from 'node:path';
import { usage } from '../carry-out.ts';
import { NNID } from './read-text.ts';

export const FORMATS = ['csv', 'ndjson', 'snapshot'] as const;
export type Format = (typeof FORMATS)[number];

export const redisOption = (what: string): Option =>
  new Option('--redis <url>', `${what}, such as redis://127.0.0.1:6379 (REDIS_URL when no other place is named)`);

export const quietOption = (): Option => new Option('--quiet', 'show no progress').default(false);

export const formatOption = (formats: readonly Format[]): Option =>
  new Option('--format <format>', 'for a path that does not end in it').choices(formats);

/** Reads a whole number in a range. */
export function whole(from: number, to: number): (written: string) => number {
  return (written) => {
    const value = /^\d{1,16}$/.test(written) ? Number(written) : Number.NaN;
    if (!(value >= from && value <= to)) throw new InvalidArgumentError(`Give a whole number from ${from} to ${to}.`);
    return value;
  };
}

export function readNnid(written: string): string {
  if (!NNID.test(written)) throw new InvalidArgumentError('Give six digits.');
  return written;
}

/** The format of a file: what `--format` says, or what its name ends in. Throws if neither says it or it is not one of `formats`. */
export function formatOf(path: string, given: Format | undefined, formats: readonly Format[]): Format {
  const ending = extname(path).slice(1);
  const format = given ?? FORMATS.find((one) => one === ending);
  if (format !== undefined && formats.includes(format)) return format;
  const endings = formats.map((one) => `.${one}`).join(', ');
  throw usage(`${path} does not end in ${endings}; name it so, or say which with --format`);
}

/** The one place a command was given among those it can use, by option. Falls back to REDIS_URL where it can use Redis. */
export function onePlace<Name extends string>(
  given: Readonly<Partial<Record<Name | 'redis', string>>>,
  names: readonly (Name | 'redis')[],
): { readonly name: Name | 'redis'; readonly value: string } {
  const written = names.flatMap((name) => {
    const value = given[name];
    return value === undefined ? [] : [{ name, value }];
  });
  const flags = names.map((name) => `--${name}`).join(', ');
  const [first, second] = written;
  if (second !== undefined) throw usage(`give one of ${flags}, not several`);
  if (first !== undefined) return first;
  const url = process.env['REDIS_URL'];
  if (names.includes('redis') && url !== undefined && url !== '') return { name: 'redis', value: url };
  throw usage(`give one of ${flags}, or set REDIS_URL`);
}
