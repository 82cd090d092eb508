/**
 * Webhooks: what happened, posted to who subscribed to its category. The body is flat JSON; the header
 * `X-Registry-Signature` is the base64 HMAC-SHA1, keyed with the party's secret, over the address followed by the
 * body in its canonical form (RFC 8785). Posting, trying again and giving up are the sender's.
 */
import canonicalizeModule from 'canonicalize';
import { createHmac } from 'node:crypto';
import type { Brand, Campaign, Party, Subscription } from './model.ts';
import type { TcrStore } from './tcr-store.ts';
import { EVENT_TYPES, type EventType, mnoOf } from './words.ts';

// A CommonJS module whose types describe an ES module: what is imported is the function itself.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string | undefined;

/** Posts at least once, in its own time and by its own rules. */
export interface WebhookSender {
  send(url: string, headers: Readonly<Record<string, string>>, body: string): void;
}

export type EventBody = Readonly<Record<string, string | number | boolean | null>>;

export interface EventSubject {
  readonly brand?: Brand | undefined;
  readonly campaign?: Campaign;
  readonly mnoId?: number;
  readonly dca?: Party | undefined;
  readonly vetting?: { readonly evpId: string; readonly vettingId: string };
  readonly description: string;
}

export class Events {
  readonly #store: TcrStore;
  readonly #parties: ReadonlyMap<string, Party>;
  readonly #sender: WebhookSender;

  constructor(store: TcrStore, parties: ReadonlyMap<string, Party>, sender: WebhookSender) {
    this.#store = store;
    this.#parties = parties;
    this.#sender = sender;
  }

  /** Tells those of `partyIds` that subscribed to the category of the event. */
  async tell(eventType: EventType, partyIds: readonly string[], subject: EventSubject): Promise<void> {
    for (const partyId of new Set(partyIds)) {
      const party = this.#parties.get(partyId);
      if (party === undefined) continue;
      const body = eventBody(eventType, party, this.#parties, subject);
      await this.sendTo(party, eventType, body);
    }
  }

  /** Posts a body to one party; where it went, or undefined without a subscription. */
  async sendTo(party: Party, eventType: EventType, body: EventBody): Promise<Subscription | undefined> {
    const found = await this.#store.get('subscription', subscriptionId(party.id, EVENT_TYPES[eventType][0]));
    if (found === undefined) return undefined;
    const url = found.value.webhookEndpoint;
    const signature = signatureOf(party.apiSecret, url, body);
    this.#sender.send(
      url,
      { 'content-type': 'application/json; charset=utf-8', 'X-Registry-Signature': signature },
      JSON.stringify(body),
    );
    return found.value;
  }
}

export function subscriptionId(partyId: string, eventCategory: string): string {
  return `${partyId}/${eventCategory}`;
}

function signatureOf(secret: string, url: string, body: EventBody): string {
  return createHmac('sha1', secret)
    .update(url + (canonicalize(body) ?? ''))
    .digest('base64');
}

/** References are the creator's own and shown to nobody else. */
function eventBody(
  eventType: EventType,
  reader: Party,
  parties: ReadonlyMap<string, Party>,
  subject: EventSubject,
): EventBody {
  const { brand, campaign, mnoId, dca, vetting, description } = subject;
  const cspId = campaign?.cspId ?? brand?.cspId ?? reader.id;
  const isCreator = reader.id === cspId;
  return {
    eventType,
    cspId,
    cspName: parties.get(cspId)?.name ?? cspId,
    description,
    mock: campaign?.mock ?? brand?.mock ?? false,
    ...(brand && {
      brandId: brand.brandId,
      brandName: brand.details.displayName,
      ...(isCreator && { brandReferenceId: brand.referenceId }),
    }),
    ...(eventType === 'BRAND_IDENTITY_STATUS_UPDATE' && brand && { brandIdentityStatus: brand.identityStatus }),
    ...(campaign && {
      campaignId: campaign.campaignId,
      ...(isCreator && { campaignReferenceId: campaign.referenceId }),
    }),
    ...(mnoId !== undefined && { mnoId, mnoName: mnoOf(mnoId)?.name ?? String(mnoId) }),
    ...(dca && { dcaId: dca.id, dcaName: dca.name }),
    ...vetting,
  };
}
