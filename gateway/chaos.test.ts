import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChaosSetting, describeViolations, runChaos } from '../scripts/chaos.ts';
import type { Fault } from '../scripts/chaos-plan.ts';
import { compileCommand, type CompiledCommand } from '../scripts/compiled-command.ts';

// Gateways, workers and Redis as processes of their own, under load, while they are killed, held still and cut off from each other;
// then every message that was acknowledged is accounted for. Other runs of chance, and longer ones:
//
//   TOLLGATE_CHAOS_SEED=7 TOLLGATE_CHAOS_ROUNDS=50 npx vitest run gateway/chaos.test.ts
//
// That the checks find what they are for is shown in scripts/chaos-checks.test.ts, message by message, and here on a gateway that
// keeps nothing.

const SEED = Number(process.env['TOLLGATE_CHAOS_SEED'] ?? 1);
const ROUNDS = Number(process.env['TOLLGATE_CHAOS_ROUNDS'] ?? 20);
const AGAIN = `TOLLGATE_CHAOS_SEED=${SEED} TOLLGATE_CHAOS_ROUNDS=${ROUNDS} npx vitest run gateway/chaos.test.ts`;
const TIMEOUT_MS = 300_000;

const LOAD = { singles: 40, batches: 4, messagesPerBatch: 40 };

let command: CompiledCommand;
beforeAll(() => {
  command = compileCommand();
}, TIMEOUT_MS);
afterAll(() => command?.remove());

test(
  `what was acknowledged in ${ROUNDS} rounds of faults is delivered, told and priced once`,
  async () => {
    const processes = { gateways: 2, workers: 2, program: command.path };
    const report = await runChaos({
      seed: SEED,
      rounds: ROUNDS,
      roundMs: 2_000,
      restMs: 60_000,
      ...processes,
      ...LOAD,
    });
    expect(describeViolations(report, AGAIN)).toBe('');
    // Of a run in which nothing happened nothing would be proven.
    expect(report.sent.length, AGAIN).toBe(ROUNDS * (LOAD.singles + LOAD.batches * LOAD.messagesPerBatch));
    expect(report.befallen.length, AGAIN).toBe(2 * ROUNDS);
    expect(report.failedRequests, AGAIN).toBeGreaterThan(0);
    expect(report.posts.length, AGAIN).toBeGreaterThan(report.sent.length / 4);
  },
  TIMEOUT_MS,
);

test(
  'a gateway that keeps nothing keeps its word until it is killed, and is then found out',
  async () => {
    const alone: ChaosSetting = {
      seed: SEED,
      rounds: 1,
      roundMs: 1_000,
      restMs: 4_000,
      gateways: 1,
      workers: 0,
      ...LOAD,
    };
    const killed: Fault = { round: 0, what: 'kill', role: 'gateway', place: 0, atMs: 500, forMs: 100, delayMs: 0 };
    const [calm, found] = await Promise.all([
      runChaos({ ...alone, faults: [] }),
      runChaos({ ...alone, faults: [killed] }),
    ]);
    expect(describeViolations(calm, AGAIN)).toBe('');
    expect(new Set(found.violations.map(({ what }) => what)), AGAIN).toContain('lost');
  },
  TIMEOUT_MS,
);
