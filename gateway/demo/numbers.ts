import type { Stream } from './streams.ts';

/** Who holds a thousands block. `cpaas` are the carriers that rent numbers out by API. */
export type BlockGroup = 'att' | 'verizon' | 'tmobile' | 'uscellular' | 'other' | 'landline' | 'cpaas';

/** Where numbers come from: the assigned thousands blocks of a group, each as NPA-NXX times ten plus the block. */
export interface BlockSource {
  blocksOf(group: BlockGroup): Uint32Array;
}

/** @throws if the group holds no block, since nothing could be drawn from it. */
export function requireBlocks(source: BlockSource, group: BlockGroup): Uint32Array {
  const blocks = source.blocksOf(group);
  if (blocks.length === 0) throw new Error(`no thousands block is assigned to ${group}`);
  return blocks;
}

/** A number in a random block: ten digits as an integer. */
export function drawNumber(stream: Stream, blocks: Uint32Array): number {
  const block = blocks[stream.below(blocks.length)] ?? 0;
  return block * 1000 + stream.below(1000);
}

/** As E.164. */
export function formatNumber(number: number): string {
  return `+1${number}`;
}
