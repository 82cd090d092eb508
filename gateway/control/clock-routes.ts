/**
 * `/v1/clock`: what time it is for this gateway, and stopping and moving it.
 *
 * A request that moves time is answered when all that fell due has run. What it set off over sockets has its own, real time; with `settle`
 * time stands while a webhook is under way, so that what comes of it, such as another attempt, comes at its moment too.
 */
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, onRequestHookHandler } from 'fastify';
import { setTimeout as realTime } from 'node:timers/promises';
import Type from 'typebox';
import { CLOCK_MOVE_MS_MAX, CLOCK_SETTLE_MS_MAX } from '../limits.ts';
import { type Problem, problem, sendProblem } from '../problem.ts';
import { answers } from '../route-answers.ts';
import type { Clock } from '../router/index.ts';
import { ProblemAnswer, withRemedies } from './bad-input.ts';
import type { ControlledClock } from './controlled-clock.ts';
import { MOMENT_REMEDY, parseMoment } from './moment.ts';
import { systemClock } from './system-clock.ts';

export interface ClockRoutes {
  readonly clock: Clock;
  /** What is stopped and moved, or why nothing is. */
  readonly control: ControlledClock | { readonly whyNot: string };
  /** Webhooks that are being posted or wait for their turn; those that wait for time to pass are not among them. */
  readonly webhooksUnderWay: () => number;
  readonly requireAdmin: onRequestHookHandler | undefined;
}

type Pause = (() => Promise<void> | undefined) | undefined;

const SETTLE_LOOK_MS = 2;
const MS_PER_DAY = 86_400_000;

const only = (description: string): Type.TOptional<Type.TLiteral<true>> =>
  Type.Optional(Type.Literal(true, { description }));

const ClockBody = Type.Object(
  {
    freeze: only('Stops time where it is.'),
    at: Type.Optional(
      Type.String({ description: 'Stops time and moves it to this moment, as 2024-03-01T18:00:00-08:00.' }),
    ),
    advanceMs: Type.Optional(Type.Integer({ description: 'Moves time that stands by so many milliseconds.' })),
    real: only('Lets time pass by itself again, from where it stands.'),
    settle: Type.Optional(
      Type.Boolean({
        description: `Has time stand while webhooks are under way, and answers when they are; waits ${CLOCK_SETTLE_MS_MAX / 1_000} s at most.`,
      }),
    ),
  },
  { additionalProperties: false },
);
type ClockBody = Type.Static<typeof ClockBody>;

const ClockAnswer = Type.Object({
  now: Type.String(),
  state: Type.String({ description: 'real, frozen, or moving: frozen, and on its way to a later moment.' }),
  aheadMs: Type.Integer({ description: "How far it is ahead of the machine's clock; negative if behind." }),
  fixed: Type.Optional(Type.String({ description: 'Why it cannot be stopped, if so.' })),
  settled: Type.Optional(Type.Boolean({ description: 'For settle: whether no webhook is under way any more.' })),
});
type ClockAnswer = Type.Static<typeof ClockAnswer>;

const COMMANDS = ['freeze', 'at', 'advanceMs', 'real'] as const;

const REMEDIES: Readonly<Record<string, string>> = {
  at: MOMENT_REMEDY,
  advanceMs: `must be a whole number of milliseconds from 0 to ${CLOCK_MOVE_MS_MAX}`,
  freeze: 'must be true; leave it out for another command',
  real: 'must be true; leave it out for another command',
  settle: 'must be true or false',
};

export const clockRoutes: FastifyPluginCallbackTypebox<ClockRoutes> = (app, routes, done) => {
  const { clock, control } = routes;
  const guarded = routes.requireAdmin && { onRequest: routes.requireAdmin };
  app.setErrorHandler(withRemedies(REMEDIES));

  app.get(
    '/v1/clock',
    {
      ...guarded,
      schema: {
        tags: ['control'],
        summary: 'What time it is here, and whether it stands',
        response: answers({ 200: ClockAnswer }),
      },
    },
    () => described(),
  );

  app.post(
    '/v1/clock',
    {
      ...guarded,
      schema: {
        tags: ['control'],
        summary:
          'Stop time, move it on, or let it pass again: limits, carriers, provisioning, reviews and retries follow',
        body: ClockBody,
        response: answers({ 200: ClockAnswer, 409: ProblemAnswer, 422: ProblemAnswer }),
      },
    },
    async (request, reply) => {
      const { settle = false } = request.body;
      const pause = settle ? pauseForWebhooks() : undefined;
      const refused = await obey(request.body, pause, request.log);
      if (refused !== undefined) return sendProblem(reply, refused);
      if (!settle) return reply.send(described());
      await pause?.();
      return reply.send({ ...described(), settled: routes.webhooksUnderWay() === 0 });
    },
  );

  /** Does what was asked, or says why not. */
  async function obey(body: ClockBody, pause: Pause, log: FastifyBaseLogger): Promise<Problem | undefined> {
    if ('whyNot' in control) return conflict('', control.whyNot);
    const given = COMMANDS.filter((name) => body[name] !== undefined);
    const [command] = given;
    if (command === undefined || given.length > 1) {
      const message = `${given.length === 0 ? 'says nothing' : `says ${given.join(' and ')}`}; give exactly one of ${COMMANDS.join(', ')}`;
      return problem('invalid-clock', 422, 'Invalid body', [{ field: given[1] ?? '', message }]);
    }
    if (control.isMoving) {
      return conflict(
        command,
        `time is being moved by another request and is at ${nowIso()}; ask again when that is answered`,
      );
    }
    if (command === 'freeze') control.freeze();
    else if (command === 'real') control.resume();
    else {
      if (command === 'advanceMs' && !control.isFrozen) {
        return conflict(
          'advanceMs',
          'time passes by itself; stop it first with {"freeze": true}, or tollgate clock freeze',
        );
      }
      const untilMs = body.at === undefined ? clock.nowMs() + (body.advanceMs ?? 0) : parseMoment(body.at);
      const wrong = moveProblem(untilMs);
      if (wrong !== undefined)
        return problem('invalid-clock', 422, 'Time cannot be moved there', [{ field: command, message: wrong }]);
      control.freeze();
      // Freezing takes no time, but real time has passed since it was asked.
      await control.moveTo(Math.max(untilMs, clock.nowMs()), pause);
    }
    log.info({ command, now: nowIso() }, 'clock set');
    return undefined;
  }

  function moveProblem(untilMs: number): string | undefined {
    if (Number.isNaN(untilMs)) return MOMENT_REMEDY;
    const nowMs = clock.nowMs();
    if (untilMs < nowMs) {
      return (
        `is before ${nowIso()}, where the clock stands, and time is never moved back; give a later moment, or start a ` +
        'gateway at an earlier one with --clock frozen@<moment>'
      );
    }
    if (untilMs - nowMs > CLOCK_MOVE_MS_MAX) {
      return `is more than ${CLOCK_MOVE_MS_MAX / MS_PER_DAY} days on, which is the most at a time; go there in steps`;
    }
    return undefined;
  }

  /** Waits for webhooks under way, if there are any, and for CLOCK_SETTLE_MS_MAX in all. */
  function pauseForWebhooks(): () => Promise<void> | undefined {
    let leftMs = CLOCK_SETTLE_MS_MAX;
    const wait = async (): Promise<void> => {
      const startMs = systemClock.nowMs();
      while (routes.webhooksUnderWay() > 0 && systemClock.nowMs() - startMs < leftMs) await realTime(SETTLE_LOOK_MS);
      leftMs -= systemClock.nowMs() - startMs;
    };
    return () => (routes.webhooksUnderWay() > 0 && leftMs > 0 ? wait() : undefined);
  }

  function described(): ClockAnswer {
    const now = nowIso();
    if ('whyNot' in control) return { now, state: 'real', aheadMs: 0, fixed: control.whyNot };
    const state = control.isMoving ? 'moving' : control.isFrozen ? 'frozen' : 'real';
    return { now, state, aheadMs: Math.round(control.aheadMs) };
  }

  function nowIso(): string {
    return new Date(clock.nowMs()).toISOString();
  }

  done();
};

function conflict(field: string, message: string): Problem {
  return problem('clock-conflict', 409, 'Clock cannot be set', [{ field, message }]);
}
