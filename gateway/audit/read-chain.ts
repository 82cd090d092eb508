/** Reads an audit log from its first line to its last, and says where its chain breaks. */
import { createReadStream } from 'node:fs';
import { AUDIT_LINE_BYTES_MAX } from '../limits.ts';
import { CHAIN_START, type ChainEnd, follow } from './audit-chain.ts';

export interface WholeChain {
  readonly isWhole: true;
  readonly end: ChainEnd;
  /** Of the lines that have their end. */
  readonly sizeBytes: number;
  /** What stands behind the last line end: what is left of a line whose writer was stopped. As a rule nothing. */
  readonly torn: string;
}

export interface BrokenChain {
  readonly isWhole: false;
  /** The first line that is wrong, from 1, and why. */
  readonly line: number;
  readonly wrong: string;
}

const LINE_END = 0x0a;

/** Calls `onHash` with the hash of each line. Rejects with the error of the disk. One line is in memory at a time. */
export async function readChain(
  path: string,
  onHash: (hash: string) => void = () => {},
): Promise<WholeChain | BrokenChain> {
  let end = CHAIN_START;
  let sizeBytes = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = rest.indexOf(LINE_END); at >= 0; at = rest.indexOf(LINE_END, from)) {
      const next = follow(end, rest.toString('utf8', from, at));
      if ('wrong' in next) return { isWhole: false, line: end.count + 1, wrong: next.wrong };
      end = next;
      onHash(end.head);
      sizeBytes += at + 1 - from;
      from = at + 1;
    }
    rest = rest.subarray(from);
    if (rest.length > AUDIT_LINE_BYTES_MAX) {
      return { isWhole: false, line: end.count + 1, wrong: 'is longer than any line of an audit log' };
    }
  }
  return { isWhole: true, end, sizeBytes, torn: rest.toString() };
}
