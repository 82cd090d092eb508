/** The APIs that a message can come by: the gateway's own, and those of providers as `ingress/providers` imitates them. */
export const FACES = ['native', 'twilio', 'bandwidth', 'sinch', 'vonage', 'telnyx', 'plivo'] as const;
export type FaceName = (typeof FACES)[number];

/** Index into FACES. */
export const Face = { Native: 0, Twilio: 1, Bandwidth: 2, Sinch: 3, Vonage: 4, Telnyx: 5, Plivo: 6 } as const;
