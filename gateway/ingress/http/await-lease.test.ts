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
  let drawCount = 0;
  let submitCount = 0;
  const submit = (draft: MessageDraft): number => {
    if (Number.isNaN(draft.draw)) drawn.push((drawCount += 1));
    slot.draw = Number.isNaN(draft.draw) ? drawCount : draft.draw;
    submitCount += 1;
    if (submitCount % 3 !== 0) return AWAITS_LEASE;
    decidedBy.push(slot.draw);
    slot.code = DecisionCode.QueueFull;
    return NOT_STORED;
  };
  const foresee = (): void => void (slot.draw = Number.NaN);
  const routes = {
    intake: { slot, submit, foresee, kept: () => undefined },
    callbackGuard: () => undefined,
    leases: { answered: () => Promise.resolve() },
  } as unknown as MessageRoutes;
  return { routes, drawn, decidedBy };
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
