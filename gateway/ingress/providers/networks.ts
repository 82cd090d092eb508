/** Codes of mobile networks: country and network (ITU-T E.212), of each carrier the one that most of its handsets are in. */
import { CARRIERS } from '../../../registry-cache/index.ts';

const CODES: Readonly<Record<string, string>> = {
  att: '310410',
  verizon: '311480',
  tmobile: '310260',
  uscellular: '311580',
};

/** By the place of a carrier in the store; undefined where there is none to tell. */
export function networkCodeOf(carrier: number): string | undefined {
  const { id = '' } = CARRIERS[carrier] ?? {};
  return CODES[id];
}
