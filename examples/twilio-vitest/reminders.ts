/** Reminds guests of their tables. Knows Twilio, and nothing of Tollgate. */
import twilio, { type Twilio } from 'twilio';

export interface Booking {
  readonly id: string;
  readonly guest: string;
  readonly phone: string;
  readonly at: string;
}

/** Where a reminder stands: `asked-not-to` if the guest has opted out. */
export type Standing = 'under-way' | 'arrived' | 'failed' | 'asked-not-to';

const OPTED_OUT = 21_610;

export class Reminders {
  readonly #client: Twilio;
  readonly #from: string;
  readonly #callback: string;
  readonly #standings = new Map<string, Standing>();

  constructor(client: Twilio, from: string, callback: string) {
    this.#client = client;
    this.#from = from;
    this.#callback = callback;
  }

  async send({ id, guest, phone, at }: Booking): Promise<void> {
    this.#standings.set(id, 'under-way');
    const body = `${guest}, your table is booked for ${at}. Reply STOP to hear no more of us.`;
    const statusCallback = `${this.#callback}/${id}`;
    try {
      await this.#client.messages.create({ from: this.#from, to: phone, body, statusCallback });
    } catch (error) {
      const hasOptedOut = error instanceof twilio.RestException && error.code === OPTED_OUT;
      this.#standings.set(id, hasOptedOut ? 'asked-not-to' : 'failed');
      if (!hasOptedOut) throw error;
    }
  }

  /** Takes what Twilio posts to the callback of a booking. Throws if it is not from Twilio. */
  told(token: string, url: string, signature: string, fields: Readonly<Record<string, string>>): void {
    if (!twilio.validateRequest(token, signature, url, fields)) throw new Error('not signed by Twilio');
    const id = url.slice(url.lastIndexOf('/') + 1);
    if (fields['MessageStatus'] === 'delivered') this.#standings.set(id, 'arrived');
    if (fields['MessageStatus'] === 'undelivered') this.#standings.set(id, 'failed');
  }

  standing(id: string): Standing | undefined {
    return this.#standings.get(id);
  }
}
