/** Sends one-time codes. Knows Telnyx, and nothing of Tollgate. */
import Telnyx from 'telnyx';

export class Codes {
  #client;
  #from;

  /** @param {Telnyx} client @param {string} from */
  constructor(client, from) {
    this.#client = client;
    this.#from = from;
  }

  /** Sends a code; resolves with the id of its message, or with why it was not sent. */
  async send(phone, code) {
    const text = `${code} is your code. We never ask for it.`;
    try {
      const { data } = await this.#client.messages.send({ from: this.#from, to: phone, text });
      return { id: data.id };
    } catch (error) {
      if (error instanceof Telnyx.RateLimitError) return { whyNot: 'too-many' };
      if (error instanceof Telnyx.APIError && error.status < 500) return { whyNot: 'bad-number' };
      throw error;
    }
  }

  /** Whether the code has arrived: true, false if it never will, undefined as long as that is open. */
  async hasArrived(id) {
    const { data } = await this.#client.messages.retrieve(id);
    const { status } = data.to[0];
    if (status === 'delivered') return true;
    return status === 'delivery_failed' || status === 'sending_failed' ? false : undefined;
  }
}
