import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { AWAITS_LEASE, type MessageDraft, NOT_STORED } from '../../messages/index.ts';
import { DecisionCode, MessageSlot } from '../../router/index.ts';
import { batchRoutes } from './batch.ts';
import { type MessageRoutes, messageRoutes } from './messages.ts';

/** An intake that puts every message off twice and draws for each submit that brings no draw. */
function openRoutes() {
  const slot = new MessageSlot();
  const drawn: number[] = [];
  const decidedBy: number[] = [];
  /** How many were decided when it was asked last what is kept; and of each decided, whether that was in the same turn. */
  let keptCount = 0;
  const keptInTurn: boolean[] = [];
  let drawCount = 0;
  let submitCount = 0;
  const submit = (draft: MessageDraft): number => {
    if (Number.isNaN(draft.draw)) drawn.push((drawCount += 1));
    slot.draw = Number.isNaN(draft.draw) ? drawCount : draft.draw;
    submitCount += 1;
    if (submitCount % 3 !== 0) return AWAITS_LEASE;
    const count = decidedBy.push(slot.draw);
    queueMicrotask(() => keptInTurn.push(keptCount === count));
    slot.code = DecisionCode.QueueFull;
    return NOT_STORED;
  };
  const kept = (): undefined => void (keptCount = decidedBy.length);
  const foresee = (): void => void (slot.draw = Number.NaN);
  const routes = {
    intake: { slot, submit, foresee, kept },
    callbackGuard: () => undefined,
    leases: { answered: () => Promise.resolve() },
  } as unknown as MessageRoutes;
  return { routes, drawn, decidedBy, keptInTurn };
}

const message = { from: '+12125550100', to: '+13105550123', text: 'hi' };

test.each([
  ['a message', messageRoutes, '/v1/messages', message, [1]],
  ['each message of a batch', batchRoutes, '/v1/messages/batch', [message, message, message], [1, 2, 3]],
])('%s draws once, however often it waits for a lease', async (_name, plugin, url, payload, draws) => {
  const { routes, drawn, decidedBy } = openRoutes();
  const app = Fastify();
  await app.register(plugin as typeof batchRoutes, routes);
  await app.inject({ method: 'POST', url, payload });
  expect([drawn, decidedBy]).toEqual([draws, draws]);
  await app.close();
});

test('whether a message of a batch that awaited a lease is kept is asked in the turn in which it was decided', async () => {
  const { routes, keptInTurn } = openRoutes();
  const app = Fastify();
  await app.register(batchRoutes, routes);
  await app.inject({ method: 'POST', url: '/v1/messages/batch', payload: [message, message, message] });
  expect(keptInTurn).toEqual([true, true, true]);
  await app.close();
});
