/**
 * Lets V8 compile a decision as one function.
 *
 * V8 stops compiling callees into their caller at a budget that `decide` and what it calls exceed. What stays a call gets
 * its times and phone numbers boxed on the heap. With a larger budget a message allocates nothing, which
 * `npm run bench -- decide` measures. Decision 0007 tells what else was considered.
 */
import { setFlagsFromString } from 'node:v8';

/** Raises the budget for this process. Has to come before the first messages: V8 reads it when it compiles. */
export function compileDecisionsWhole(): void {
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
}
