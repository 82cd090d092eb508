import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CarrierMap } from './carrier-map.ts';

/**
 * The carrier map that ships with the package. For start-up: reads and unpacks a file, blocking for about 50 ms.
 * The file is found from the package's own name, so it does not matter whether sources or compiled files run.
 */
export function loadCarrierMap(): CarrierMap {
  const root = dirname(createRequire(import.meta.url).resolve('tollgate/package.json'));
  const packed = readFileSync(join(root, 'registry-cache', 'data', 'npanxx_group.csv.gz'));
  // Latin-1 leaves the letters as they are and is decoded faster; names of places are not read.
  return CarrierMap.parse(gunzipSync(packed).toString('latin1'));
}
