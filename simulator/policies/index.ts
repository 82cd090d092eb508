/** All policies there are. A new one is a file and a line here. */
import { antiFraud } from './anti-fraud.ts';
import { blockUnregistered } from './block-unregistered.ts';
import { bypassClosed } from './bypass-closed.ts';
import { carrierExit } from './carrier-exit.ts';
import { closedLoop } from './closed-loop.ts';
import { fines } from './fines.ts';
import { invalidNumberBlock } from './invalid-number-block.ts';
import { kyc } from './kyc.ts';
import { parallelRegistry } from './parallel-registry.ts';
import type { Policy } from './policy.ts';
import { price } from './price.ts';
import { toll } from './toll.ts';

export { type Policy, type Rules, rulesOfTheSeed } from './policy.ts';

export const POLICIES: readonly Policy[] = [
  toll,
  blockUnregistered,
  closedLoop,
  kyc,
  antiFraud,
  bypassClosed,
  price,
  parallelRegistry,
  carrierExit,
  invalidNumberBlock,
  fines,
];
