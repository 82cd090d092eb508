/** The operations on webhook subscriptions. */
import type { Operation } from './api-operation.ts';
import type { Registry } from './registry.ts';
import {
  type CallbackGuard,
  mockEvent,
  mockEventOfCategory,
  subscribe,
  SUBSCRIPTION_FIELDS,
  subscriptionsOf,
  unsubscribe,
} from './subscriptions.ts';
import { EVENT_CATEGORIES, EVENT_TYPES } from './words.ts';

export function webhookOperations(registry: Registry, guard: CallbackGuard): Operation[] {
  return [
    {
      method: 'GET',
      url: '/webhook/eventCategory',
      summary: 'Categories of events',
      run: () => EVENT_CATEGORIES,
    },
    {
      method: 'GET',
      url: '/webhook/eventType',
      summary: 'Types of events',
      run: () =>
        Object.entries(EVENT_TYPES).map(([eventType, [eventCategory, description]]) => ({
          id: eventType,
          eventType,
          description,
          eventCategory,
        })),
    },
    {
      method: 'GET',
      url: '/webhook/subscription',
      summary: 'Where events go',
      run: async ({ party }) => (await subscriptionsOf(registry, party)).map(subscriptionView),
    },
    {
      method: 'PUT',
      url: '/webhook/subscription',
      summary: 'Have the events of a category posted to an address',
      body: SUBSCRIPTION_FIELDS,
      run: async ({ party, body }) => subscriptionView(await subscribe(registry, guard, party, body)),
    },
    {
      method: 'DELETE',
      url: '/webhook/subscription/:eventCategory',
      summary: 'End a subscription',
      run: ({ party, params }) => unsubscribe(registry, party, params['eventCategory'] ?? ''),
    },
    {
      method: 'GET',
      url: '/webhook/subscription/:eventCategory/test',
      summary: 'Have an event of a category posted, to test (the older way)',
      run: ({ party, params }) => mockEventOfCategory(registry.events, party, params['eventCategory'] ?? ''),
    },
    {
      method: 'GET',
      url: '/webhook/subscription/eventType/:eventType/mock',
      summary: 'Have a made-up event posted, to test',
      run: ({ party, params }) => mockEvent(registry.events, party, params['eventType'] ?? ''),
    },
  ];
}

function subscriptionView({
  eventCategory,
  webhookEndpoint,
}: {
  eventCategory: string;
  webhookEndpoint: string;
}): object {
  return { eventCategory, webhookEndpoint };
}
