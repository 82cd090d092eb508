/** `/v1/faults`: what is wrong on purpose, when, and how often it told. */
import { randomUUID } from 'node:crypto';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { onRequestHookHandler } from 'fastify';
import Type from 'typebox';
import { FAULTS_MAX } from '../limits.ts';
import { type FieldProblem, problem, type Problem, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import type { Clock } from '../router/index.ts';
import { ProblemAnswer, withRemedies } from './bad-input.ts';
import {
  type Fault,
  FAULT_ID,
  FAULT_REMEDIES,
  FaultDocument,
  FaultSettings,
  FaultWritten,
  phaseAt,
  readFault,
  type SetFault,
} from './fault.ts';
import type { FaultBook } from './fault-book.ts';

export interface FaultRoutes {
  readonly faults: SharedFaults;
  readonly clock: Clock;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

/** The faults of all processes, as one of them sees them. */
export interface SharedFaults {
  readonly book: FaultBook;
  /**
   * Replaces the faults by what `change` makes of them; again if somebody else did meanwhile. A refusal is handed back, and nothing is
   * changed then.
   */
  change(change: (faults: readonly SetFault[]) => readonly Fault[] | Refusal): Promise<Refusal | undefined>;
  /** How often each fault was applied, by key. */
  applied(): Promise<ReadonlyMap<string, number>>;
}

export interface Refusal {
  readonly refusal: Problem;
}

const FaultAnswer = Type.Object({
  fault: FaultWritten,
  setAt: Type.String(),
  inForce: Type.Boolean(),
  changesAt: Type.Union([Type.String(), Type.Null()], { description: 'When it begins or ends next; null for never.' }),
  applied: Type.Integer({ description: 'Messages and requests it has changed since it was set.' }),
});
type FaultAnswer = Type.Static<typeof FaultAnswer>;

const FaultsAnswer = Type.Object({ faults: Type.Array(FaultAnswer) });
const FaultParams = Type.Object({ id: Type.String({ description: 'The id of a fault.' }) });

export const faultRoutes: FastifyPluginCallbackTypebox<FaultRoutes> = (app, routes, done) => {
  const { faults, clock } = routes;
  const guarded = routes.requireAdmin && { onRequest: routes.requireAdmin };
  app.setErrorHandler(withRemedies(FAULT_REMEDIES));

  app.get(
    '/v1/faults',
    {
      ...guarded,
      schema: {
        tags: ['control'],
        summary: 'The faults that are set: whether each is in force, until when, and how often it was applied',
        response: answers({ 200: FaultsAnswer, 503: ProblemAnswer }),
      },
    },
    () => described(),
  );

  app.put(
    '/v1/faults',
    {
      ...guarded,
      schema: {
        tags: ['control'],
        summary: 'Set all faults at once, in place of those that were set: a scenario with its timeline',
        body: FaultDocument,
        response: answers({ 200: FaultsAnswer, 422: ProblemAnswer, 503: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      const setAtMs = clock.nowMs();
      const written = request.body.faults.map((one) => ({ written: one, setAtMs, mark: randomUUID() }));
      const refused = await faults.change(() => read(written, (place) => `faults.${place}.`));
      if (refused !== undefined) return sendProblem(reply, refused.refusal);
      request.log.info({ faults: written.length }, 'faults set');
      return reply.send(await described());
    },
  );

  app.delete(
    '/v1/faults',
    {
      ...guarded,
      schema: {
        tags: ['control'],
        summary: 'Take all faults away',
        response: answers({ 204: Type.Null(), 503: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      await faults.change(() => []);
      request.log.info('faults cleared');
      return reply.code(204).send();
    },
  );

  app.put(
    '/v1/faults/:id',
    {
      ...guarded,
      schema: {
        tags: ['control'],
        summary: 'Set one fault, in place of the one of its id if there is one; its times count from now',
        params: FaultParams,
        body: FaultSettings,
        response: answers({ 200: FaultAnswer, 201: FaultAnswer, 422: ProblemAnswer, 503: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const wrongId = idProblem(id);
      if (wrongId !== undefined) return sendProblem(reply, invalid(wrongId));
      const fault = { written: { id, ...request.body }, setAtMs: clock.nowMs(), mark: randomUUID() };
      let isThere = false;
      const refused = await faults.change((set) => {
        const others = set.filter(({ written }) => written.id !== id);
        isThere = others.length < set.length;
        if (others.length >= FAULTS_MAX) {
          const message = `there are ${FAULTS_MAX} faults, which is the most; take one away first`;
          return { refusal: invalid({ field: 'id', message }) };
        }
        return read([...others, fault], () => '');
      });
      if (refused !== undefined) return sendProblem(reply, refused.refusal);
      request.log.info({ fault: id }, 'fault set');
      const { faults: all } = await described();
      return reply.code(isThere ? 200 : 201).send(all.find((one) => one.fault.id === id));
    },
  );

  app.delete(
    '/v1/faults/:id',
    {
      ...guarded,
      schema: {
        tags: ['control'],
        summary: 'Take one fault away',
        params: FaultParams,
        response: answers({ 204: Type.Null(), 404: ProblemAnswer, 503: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const refused = await faults.change((set) => {
        const others = set.filter(({ written }) => written.id !== id);
        if (others.length === set.length) {
          const message = `names no fault; there are ${set.map(({ written }) => written.id).join(', ') || 'none'}`;
          return { refusal: problem('no-such-fault', 404, 'No such fault', [{ field: 'id', message }]) };
        }
        return read(others, () => '');
      });
      if (refused !== undefined) return sendProblem(reply, refused.refusal);
      request.log.info({ fault: id }, 'fault cleared');
      return reply.code(204).send();
    },
  );

  async function described(): Promise<{ faults: FaultAnswer[] }> {
    const applied = await faults.applied();
    const nowMs = clock.nowMs();
    return { faults: faults.book.faults.map((fault) => describe(fault, nowMs, applied.get(fault.key) ?? 0)) };
  }

  done();
};

function describe(fault: Fault, nowMs: number, applied: number): FaultAnswer {
  const { isInForce, untilMs } = phaseAt(fault, nowMs);
  return {
    fault: fault.written,
    setAt: new Date(fault.setAtMs).toISOString(),
    inForce: isInForce,
    changesAt: untilMs === Infinity ? null : new Date(untilMs).toISOString(),
    applied,
  };
}

/** The faults ready for use, or what is wrong with the first that is not. */
function read(faults: readonly SetFault[], fieldOf: (place: number) => string): Fault[] | Refusal {
  const places = new Map<string, number>();
  const found: Fault[] = [];
  for (const [place, one] of faults.entries()) {
    const { id } = one.written;
    const before = places.get(id);
    if (before !== undefined) {
      const message = `is also that of faults.${before}; give each its own`;
      return { refusal: invalid({ field: `${fieldOf(place)}id`, message }) };
    }
    places.set(id, place);
    const fault = readFault(one, fieldOf(place));
    if ('message' in fault) return { refusal: invalid(fault) };
    found.push(fault);
  }
  return found;
}

function idProblem(id: string): FieldProblem | undefined {
  return FAULT_ID.test(id) ? undefined : { field: 'id', message: FAULT_REMEDIES['id'] ?? '' };
}

function invalid(wrong: FieldProblem): Problem {
  return problem('invalid-fault', 422, 'Invalid fault', [wrong]);
}
