import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CarrierMap } from './carrier-map.ts';

let shipped: CarrierMap | undefined;
let withMagicNumbers: CarrierMap | undefined;

/**
 * The carrier map that ships with the package, in which no number is ported. For start-up: the first call in a process reads and unpacks a
 * file, blocking for about 50 ms; later ones share its table.
 * Magic numbers are held by nobody unless asked for.
 * The file is found from the package's own name, so it does not matter whether sources or compiled files run.
 */
export function loadCarrierMap({ magicNumbers = false }: { readonly magicNumbers?: boolean } = {}): CarrierMap {
  shipped ??= readCarrierMap();
  if (!magicNumbers) return shipped.withoutPorted();
  withMagicNumbers ??= shipped.withMagicNumbers();
  return withMagicNumbers.withoutPorted();
}

function readCarrierMap(): CarrierMap {
  const root = dirname(createRequire(import.meta.url).resolve('tollgate/package.json'));
  const packed = readFileSync(join(root, 'registry-cache', 'data', 'npanxx_group.csv.gz'));
  // Latin-1 leaves the letters as they are and is decoded faster; names of places are not read.
  return CarrierMap.parse(gunzipSync(packed).toString('latin1'));
}
