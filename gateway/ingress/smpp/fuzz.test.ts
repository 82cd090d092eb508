import { describe, expect, it } from 'vitest';
import {
  below,
  bindBytes,
  bytesOf,
  enquiry,
  ENQUIRY_SEQUENCE,
  isWhole,
  numbers,
  spoiled,
} from '../../../scripts/spoiled-pdus.ts';
import { namedStream } from '../../router/index.ts';
import { Command, isResponse, Status, writePdu } from '../../smpp/index.ts';
import { readForeign } from '../../smpp/smpp-package-under-test.ts';
import { openSmppEdge, pdusIn, type SmppEdgeUnderTest } from './edge-under-test.ts';
import { type Session, SessionState } from './session.ts';

const PDUS = Number(process.env['SMPP_FUZZ_PDUS'] ?? 20_000);
const SEED = Number(process.env['SMPP_FUZZ_SEED'] ?? 20_261_123);
/** A failing run is narrowed down to one case by its number. */
const ONLY = process.env['SMPP_FUZZ_CASE'];

/** Checks what was written: whole PDUs that others read too, and of those not asked for only what an SMSC sends. */
function check(written: Buffer): number {
  let enquiriesAnswered = 0;
  let at = 0;
  for (const { commandId, sequence } of pdusIn(written)) {
    const length = written.readUInt32BE(at);
    const foreign = readForeign(written.subarray(at, at + length));
    at += length;
    if (foreign.command === 'unknown' || foreign.sequence_number !== sequence) throw new Error('others cannot read it');
    if (!isResponse(commandId) && commandId !== Command.DeliverSm) throw new Error(`sent 0x${commandId.toString(16)}`);
    if (commandId === Command.EnquireLinkResp && sequence === ENQUIRY_SEQUENCE) enquiriesAnswered += 1;
  }
  return enquiriesAnswered;
}

/** One spoiled PDU in a session of its own, cut as chance has it, and an enquiry behind it. */
function runCase(edge: SmppEdgeUnderTest, number: number): Session {
  const chance = namedStream(SEED + number, 'smpp fuzz');
  const session = edge.connect();
  const isBound = chance.next() < 0.9;
  let written = isBound ? edge.receive(session, bindBytes) : Buffer.alloc(0);
  const bytes = spoiled(chance);
  const cut = chance.next() < 0.5 ? bytes.length : below(chance, bytes.length + 1);
  written = Buffer.concat([written, edge.receive(session, bytes.subarray(0, cut))]);
  written = Buffer.concat([written, edge.receive(session, bytes.subarray(cut))]);
  const wasWhole = session.state !== SessionState.Closed && isWhole(bytes);
  const answered = check(Buffer.concat([written, edge.receive(session, enquiry), edge.sent(session)]));
  if (wasWhole && answered === 0) throw new Error('an enquiry was not answered');
  return session;
}

describe('spoiled PDUs', () => {
  it(`never break anything, ${PDUS} of them`, { timeout: 600_000 }, async () => {
    const edge = openSmppEdge();
    const states = new Map<number, number>();
    const from = ONLY === undefined ? 0 : Number(ONLY);
    for (let number = from; number < (ONLY === undefined ? PDUS : from + 1); number += 1) {
      try {
        const { state } = runCase(edge, number);
        states.set(state, (states.get(state) ?? 0) + 1);
      } catch (error) {
        const replay = `SMPP_FUZZ_SEED=${SEED} SMPP_FUZZ_CASE=${number} npx vitest run gateway/ingress/smpp/fuzz.test.ts`;
        throw new Error(`replay: ${replay}`, { cause: error });
      }
      // What is answered later has its turn.
      if (number % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (ONLY !== undefined) return;
    // The others were not harmed.
    const session = edge.connect();
    edge.receive(session, bindBytes);
    const fresh = { ...numbers, sourceAddr: '12125550177' };
    const submit = bytesOf((writer) => writePdu(writer, { command: 'SubmitSm', sequence: 5, fields: fresh }));
    const [answer] = pdusIn(edge.receive(session, submit));
    expect(answer).toMatchObject({ commandId: Command.SubmitSmResp, status: Status.Ok });
    // Chance reached all there is: sessions that went on, were closed, and never got as far as a bind.
    for (const state of [SessionState.Open, SessionState.Transceiver, SessionState.Closed]) {
      expect(states.get(state) ?? 0).toBeGreaterThan(PDUS / 100);
    }
    expect(edge.store.nextSequence).toBeGreaterThan(PDUS / 200);
  });
});
