/** Numbers as Telnyx's messaging API shows them. */
import { formatNumber, isTollFree, parseSenderKey } from '../../../../registry-cache/index.ts';
import type { SenderPool } from '../sender-pools.ts';
import { timeOf } from './message-view.ts';

/** The number that an id is, or one in E.164; negative for what is none. */
export function numberOf(id = ''): number {
  return parseSenderKey(id.startsWith('+') ? id : `+${id}`);
}

export function numberView(number: number, profile: SenderPool | undefined): object {
  const written = formatNumber(number);
  const createdAt = profile === undefined ? null : timeOf(profile.createdAtMs);
  return {
    record_type: 'messaging_settings',
    id: written.slice(1),
    phone_number: written,
    messaging_profile_id: profile?.id ?? null,
    country_code: 'US',
    type: isTollFree(number) ? 'toll-free' : 'long-code',
    messaging_product: 'A2P',
    traffic_type: 'A2P',
    eligible_messaging_products: ['A2P'],
    features: { sms: { domestic_two_way: true }, mms: { domestic_two_way: true } },
    tags: [],
    created_at: createdAt,
    updated_at: createdAt,
  };
}
