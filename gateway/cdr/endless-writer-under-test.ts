/** A process that writes CDRs into the directory it is given until it is killed, and prints how many are in files. */
import { systemClock, systemTimers } from '../control/index.ts';
import { endedMessages } from './cdrs-under-test.ts';
import { openCdrs } from './open-cdrs.ts';

const MESSAGES = 100;
const PERIOD_MS = 1;

const ended = endedMessages(4, MESSAGES);
const writer = await openCdrs({
  ...ended,
  directory: process.argv[2] ?? '',
  run: 'RUN',
  rotateBytes: 4_000_000,
  rotateMs: 1e9,
  pendingBytesMax: 1e9,
  clock: systemClock,
  timers: systemTimers,
  log: { info: () => {}, error: () => {} },
});
let sequence = 0;
setInterval(() => {
  for (let at = 0; at < MESSAGES; at += 1) {
    ended.store.sequence[at] = sequence;
    sequence += 1;
    writer.add(at);
  }
  process.stdout.write(`${writer.recordCount}\n`);
}, PERIOD_MS);
