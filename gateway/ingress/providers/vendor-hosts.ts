/**
 * Requests for the hosts of providers, which a proxy or a name server brought here, find the same paths under a prefix of ours: so a
 * program that calls the real host needs no change at all.
 */
import type { IncomingMessage } from 'node:http';

const HOSTS_BY_PREFIX: Readonly<Record<string, readonly string[]>> = {
  '/twilio': ['api.twilio.com', 'messaging.twilio.com'],
  '/bandwidth': ['messaging.bandwidth.com', 'api.bandwidth.com'],
  '/sinch': [
    'sms.api.sinch.com',
    'us.sms.api.sinch.com',
    'eu.sms.api.sinch.com',
    'zt.us.sms.api.sinch.com',
    'zt.eu.sms.api.sinch.com',
    'auth.sinch.com',
    'us.auth.sinch.com',
  ],
  '/vonage': ['rest.nexmo.com', 'api.nexmo.com', 'api-us.nexmo.com', 'api.vonage.com'],
  '/telnyx': ['api.telnyx.com'],
  '/plivo': ['api.plivo.com'],
};

/** All hosts that belong to a provider. */
export const VENDOR_HOSTS: readonly string[] = Object.values(HOSTS_BY_PREFIX).flat();

const PREFIX_OF_HOST = new Map(
  Object.entries(HOSTS_BY_PREFIX).flatMap(([prefix, hosts]) =>
    hosts.flatMap((host): [string, string][] => [
      [host, prefix],
      [`${host}:443`, prefix],
    ]),
  ),
);

/** The path of a request, under the prefix of the provider whose host it names; for Fastify's `rewriteUrl`. */
export function pathOfVendorHost({ headers, url = '/' }: IncomingMessage): string {
  const prefix = headers.host === undefined ? undefined : PREFIX_OF_HOST.get(headers.host);
  return prefix === undefined ? url : prefix + url;
}
