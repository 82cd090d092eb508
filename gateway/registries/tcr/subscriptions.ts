/** Webhook subscriptions: one address for each category of events and party. */
import { refused } from './errors.ts';
import { type EventBody, type Events, subscriptionId } from './events.ts';
import { type FieldTable, readFields } from './fields.ts';
import type { Party, Subscription } from './model.ts';
import type { Registry } from './registry.ts';
import { EVENT_CATEGORIES, EVENT_TYPES, type EventCategory, type EventType } from './words.ts';

export const SUBSCRIPTION_FIELDS = {
  eventCategory: { kind: 'choice', of: EVENT_CATEGORIES, required: true },
  webhookEndpoint: { kind: 'text', max: 2_048, required: true },
} as const satisfies FieldTable;

/** Why an address may not be called, or undefined if it may. */
export type CallbackGuard = (url: string) => string | undefined;

export async function subscribe(
  registry: Registry,
  guard: CallbackGuard,
  party: Party,
  body: unknown,
): Promise<Subscription> {
  const { eventCategory = 'CSP', webhookEndpoint = '' } = readFields(SUBSCRIPTION_FIELDS, body);
  const wrong = guard(webhookEndpoint);
  if (wrong !== undefined) throw refused('invalid', 'webhookEndpoint', `webhookEndpoint ${wrong}`);
  const subscription: Subscription = { partyId: party.id, eventCategory, webhookEndpoint };
  const id = subscriptionId(party.id, eventCategory);
  for (;;) {
    const version = (await registry.store.get('subscription', id))?.version ?? 0;
    if (await registry.store.put('subscription', id, subscription, version)) return subscription;
  }
}

export async function subscriptionsOf(registry: Registry, party: Party): Promise<readonly Subscription[]> {
  const found = await Promise.all(
    EVENT_CATEGORIES.map((category) => registry.store.get('subscription', subscriptionId(party.id, category))),
  );
  return found.flatMap((one) => one?.value ?? []);
}

export async function unsubscribe(registry: Registry, party: Party, category: string): Promise<void> {
  await registry.store.delete('subscription', subscriptionId(party.id, categoryOf(category)));
}

function categoryOf(category: string): EventCategory {
  const found = EVENT_CATEGORIES.find((one) => one === category);
  if (found === undefined) throw refused('notFound', 'eventCategory', 'Event category not found');
  return found;
}

/** What the real service answers about a test of a webhook. */
export interface WebhookResponse {
  readonly endpoint: string;
  readonly status: number;
  readonly request: string;
  readonly response: string;
}

/** Sends an event about made-up things. It is on its way when this returns, so the receiver's answer is not known. */
export async function mockEvent(events: Events, party: Party, type: string): Promise<WebhookResponse> {
  const eventType = (Object.keys(EVENT_TYPES) as EventType[]).find((one) => one === type);
  if (eventType === undefined) throw refused('notFound', 'eventType', 'Event type not found');
  const body = mockBody(eventType, party);
  const sent = await events.sendTo(party, eventType, body);
  if (sent === undefined) {
    throw refused('notFound', 'eventType', `There is no subscription to ${EVENT_TYPES[eventType][0]}`);
  }
  return { endpoint: sent.webhookEndpoint, status: 202, request: JSON.stringify(body), response: 'being delivered' };
}

/** The first event type of a category, sent as `mockEvent` does. */
export function mockEventOfCategory(events: Events, party: Party, category: string): Promise<WebhookResponse> {
  const wanted = categoryOf(category);
  const type = Object.entries(EVENT_TYPES).find(([, [one]]) => one === wanted)?.[0] ?? '';
  return mockEvent(events, party, type);
}

function mockBody(eventType: EventType, party: Party): EventBody {
  const [category, description] = EVENT_TYPES[eventType];
  const brand = { brandId: 'BMOCK00', brandName: 'Mock Brand', brandReferenceId: null };
  const campaign = { campaignId: 'CMOCK00', campaignReferenceId: null };
  const isOfMno = eventType.startsWith('MNO_');
  return {
    eventType,
    cspId: party.id,
    cspName: party.name,
    description,
    mock: true,
    ...(category !== 'CSP' && brand),
    ...((category === 'CAMPAIGN' || category === 'INCIDENCE') && campaign),
    ...(isOfMno && { mnoId: 10017, mnoName: 'AT&T' }),
    ...(category === 'VETTING' && { evpId: 'AEGIS', vettingId: 'mock' }),
  };
}
