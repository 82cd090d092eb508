/** The door of the CDRs: a record of every message that ended, written to files, read back, exported and priced anew. */
export { Bill } from './bill.ts';
export { type Cdr, isCharged } from './cdr.ts';
export { CdrLines } from './cdr-lines.ts';
export { CdrWriter } from './cdr-writer.ts';
export { CdrsUnavailable, openCdrs } from './open-cdrs.ts';
export { cdrFilesAt, readCdrs } from './read-cdrs.ts';
export { writeCsv, writeNdjson, writeParquet } from './write-cdrs.ts';
