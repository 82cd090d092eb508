/**
 * Writes a CDR of every message that ends into files of lines, none of which is lost while the process lives.
 *
 * Records are put together where the message ends, into blocks of memory that hold whole lines; the blocks are written one
 * after the other, at least every tenth of a second. A file is closed between two blocks, so no line is ever in two files.
 * A disk that cannot be written is tried again and again: meanwhile blocks wait, and when they are too many, `isFull` has the
 * intake turn messages away. Those in flight then still end and are kept: the memory taken is the bound plus a record for
 * each of them.
 */
import { Binding, type Core, type Clock, type Timers } from '../router/index.ts';
import { type Backlog, type MessageStore, TextBytes } from '../messages/index.ts';
import { CDR_FLUSH_MS, CDR_RETRY_MS } from '../limits.ts';
import { CdrFile, cdrFileName, PART } from './cdr-files.ts';
import { CdrLines } from './cdr-lines.ts';

const BLOCK_BYTES = 262_144;
/** Room for the line that ends a block. */
const LINE_ROOM_BYTES = 4_096;
/** Blocks kept for use again. */
const SPARE_BLOCKS = 4;

interface Block {
  readonly text: TextBytes;
  recordCount: number;
  writtenBytes: number;
}

/** What the writer says of itself. */
export interface CdrLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface CdrWriterParts {
  readonly core: Core;
  readonly store: MessageStore;
  readonly directory: string;
  /** Names the run in the names of files, as it does in the ids of messages: capital letters and digits. */
  readonly run: string;
  readonly pid: number;
  /** A file is closed before it is longer than this, but holds one block at least. */
  readonly rotateBytes: number;
  /** A file is closed this long after it was opened. */
  readonly rotateMs: number;
  /** Bytes that wait from which on `isFull`. */
  readonly pendingBytesMax: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: CdrLog;
}

export class CdrWriter implements Backlog {
  /** Records in files. */
  recordCount = 0;
  /** Bytes in files. */
  byteCount = 0;
  /** Times the disk refused. */
  errorCount = 0;
  /** Records that are lost: their file was removed while it was written, or the disk refused to the end. */
  droppedCount = 0;
  /** Records that wait to be written. */
  pendingCount = 0;
  readonly #parts: CdrWriterParts;
  readonly #lines: CdrLines;
  readonly #blockBytes: number;
  readonly #stopTimer: () => void;
  readonly #queue: Block[] = [];
  readonly #spare: Block[] = [];
  #filling: Block;
  #queuedBytes = 0;
  #file: CdrFile | undefined;
  #openedMs = 0;
  #running: Promise<void> | undefined;
  #failure: string | undefined;
  #retryAtMs = 0;
  #isClosing = false;

  constructor(parts: CdrWriterParts) {
    this.#parts = parts;
    this.#lines = new CdrLines(parts.core, parts.store);
    this.#blockBytes = Math.min(BLOCK_BYTES, parts.rotateBytes);
    this.#filling = this.#emptyBlock();
    this.#stopTimer = parts.timers.every(CDR_FLUSH_MS, () => this.#flush());
  }

  /** Writes the CDR of the message at ring place `at`, which has ended. Does not wait for the disk. */
  add(at: number): void {
    const block = this.#filling;
    this.#lines.add(at, block.text);
    block.recordCount += 1;
    this.pendingCount += 1;
    if (block.text.sizeBytes < this.#blockBytes) return;
    this.#queueFilling();
    this.#start();
  }

  /** Bytes that wait to be written. */
  get pendingBytes(): number {
    return this.#queuedBytes + this.#filling.text.sizeBytes;
  }

  get pendingBytesMax(): number {
    return this.#parts.pendingBytesMax;
  }

  readonly binding = Binding.CdrBacklog;

  get used(): number {
    return this.pendingBytes;
  }

  get cap(): number {
    return this.pendingBytesMax;
  }

  /** Whether so much waits that no message should be taken. */
  get isFull(): boolean {
    return this.pendingBytes >= this.pendingBytesMax;
  }

  /** Whether the disk refused when last asked. */
  get isFailing(): boolean {
    return this.#failure !== undefined;
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Writes what waits and closes the file. What the disk does not take then is lost, and said to be. */
  async close(): Promise<void> {
    this.#stopTimer();
    await this.#running;
    this.#isClosing = true;
    this.#retryAtMs = 0;
    this.#queueFilling();
    this.#start();
    await this.#running;
    if (this.pendingCount > 0) {
      this.droppedCount += this.pendingCount;
      this.#parts.log.error({ records: this.pendingCount }, 'CDRs are lost: they could not be written before the end');
      this.pendingCount = 0;
    }
  }

  #flush(): void {
    if (this.#running === undefined) this.#queueFilling();
    this.#start();
  }

  #queueFilling(): void {
    const block = this.#filling;
    if (block.recordCount === 0) return;
    this.#queue.push(block);
    this.#queuedBytes += block.text.sizeBytes;
    this.#filling = this.#spare.pop() ?? this.#emptyBlock();
  }

  #emptyBlock(): Block {
    return { text: new TextBytes(this.#blockBytes + LINE_ROOM_BYTES), recordCount: 0, writtenBytes: 0 };
  }

  #start(): void {
    const hasWork = this.#queue.length > 0 || this.#isFileDue(undefined);
    if (!hasWork || this.#running !== undefined || this.#parts.clock.nowMs() < this.#retryAtMs) return;
    this.#running = this.#write().finally(() => {
      this.#running = undefined;
    });
  }

  /** Writes all blocks that wait. Never rejects. */
  async #write(): Promise<void> {
    try {
      for (let block = this.#queue[0]; block !== undefined || this.#isFileDue(block); block = this.#queue[0]) {
        if (this.#isFileDue(block)) await this.#finishFile();
        if (block !== undefined) await this.#writeBlock(block);
      }
      if (this.#failure !== undefined) this.#parts.log.info({}, 'CDRs are written again');
      this.#failure = undefined;
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  async #writeBlock(block: Block): Promise<void> {
    this.#file ??= await this.#openFile();
    const bytes = block.text.take();
    while (block.writtenBytes < bytes.length) {
      block.writtenBytes += await this.#file.append(bytes.subarray(block.writtenBytes));
    }
    this.#queue.shift();
    this.#queuedBytes -= bytes.length;
    this.#file.recordCount += block.recordCount;
    this.recordCount += block.recordCount;
    this.byteCount += bytes.length;
    this.pendingCount -= block.recordCount;
    if (this.#spare.length === SPARE_BLOCKS) return;
    block.text.clear();
    block.recordCount = 0;
    block.writtenBytes = 0;
    this.#spare.push(block);
  }

  #openFile(): Promise<CdrFile> {
    const { clock, directory, run, pid } = this.#parts;
    // Each a millisecond later at least than the one before: names are unique, and sort as the files were opened.
    this.#openedMs = Math.max(clock.nowMs(), this.#openedMs + 1);
    return CdrFile.open(directory, cdrFileName(this.#openedMs, run, pid), this.#openedMs);
  }

  /** Whether the file has to be closed before `next` is written; `undefined` if nothing waits. */
  #isFileDue(next: Block | undefined): boolean {
    const file = this.#file;
    if (file === undefined) return false;
    if (next === undefined && this.#isClosing) return true;
    if (next !== undefined && next.writtenBytes > 0) return false;
    const { clock, rotateMs, rotateBytes } = this.#parts;
    if (clock.nowMs() - file.openedMs >= rotateMs) return true;
    return next !== undefined && file.sizeBytes > 0 && file.sizeBytes + next.text.sizeBytes > rotateBytes;
  }

  async #finishFile(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    try {
      await file.finish();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.errorCount += 1;
      this.droppedCount += file.recordCount;
      this.#parts.log.error(
        { file: file.path + PART, records: file.recordCount },
        'the file that CDRs were written to was removed, and they with it',
      );
    }
    this.#file = undefined;
  }

  #noteFailure(error: unknown): void {
    const { clock, directory, log } = this.#parts;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    this.errorCount += 1;
    this.#retryAtMs = clock.nowMs() + CDR_RETRY_MS;
    if (code === this.#failure) return;
    this.#failure = code;
    log.error(
      { code, directory, records: this.pendingCount },
      'CDRs cannot be written and wait; make room or allow it',
    );
  }
}
