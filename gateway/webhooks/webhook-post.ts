/** What is posted to whom: one event of one subject as a body for one address. */
import {
  type CallbackStyle,
  type Customer,
  DELIVERY_ERRORS,
  DeliveryError,
  type InboundMessage,
  type MessageStore,
  RECEIPT_STATES,
  ReceiptState,
  type Told,
  type WrittenCallback,
} from '../messages/index.ts';
import { CARRIER_LABELS } from '../router/index.ts';

export interface WebhookPost {
  /** `webhookId` of subject and order: the same event has the same id however often and from wherever it is sent. */
  readonly id: string;
  /** What the event is about, such as the id of a message. */
  readonly subject: string;
  /** 0, 1, 2, ... within the subject. None is sent while the one before it may still be delivered. */
  readonly order: number;
  readonly url: string;
  /** Signed with the secret of this account's webhook, if it has one when the post is sent. */
  readonly account?: string;
  /** JSON text, unless its headers say otherwise. */
  readonly body: string;
  /** POST if there is none. */
  readonly method?: 'GET';
  /** `Face` of the API in whose style it is signed and tried again; as Standard Webhooks have it if there is none. */
  readonly style?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it goes once it has failed at `url`. */
  readonly failoverUrl?: string;
  /** Whether it may have been sent before by somebody who could not tell; the receiver is then told so. */
  readonly isRepeat?: boolean;
}

/** The same event as a post of its own, for the other address. */
export function failoverPost({ failoverUrl, ...post }: WebhookPost): WebhookPost | undefined {
  return failoverUrl === undefined ? undefined : { ...post, id: failoverId(post.id), url: failoverUrl };
}

export const failoverId = (id: string): string => `${id}_failover`;

export function webhookId(subject: string, order: number): string {
  return `evt_${subject}_${order}`;
}

/** Where the events of an account go that name no address of their own. */
export interface AccountWebhook {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  /** The address answered that it is gone, and nobody has given another. */
  readonly isGone: boolean;
}

/**
 * The post that tells of the receipt of the message at ring place `at`; undefined if nobody asked for one. It goes to the address the
 * message named, else to the webhook of its account. What the handset got is not in it: a carrier does not tell.
 * @param copy 0 for the receipt, from 1 on for the same one come again
 */
export function receiptPost(
  store: MessageStore,
  at: number,
  copy: number,
  nowMs: number,
  webhookOf: (account: string) => Pick<AccountWebhook, 'url' | 'isGone'> | undefined,
): WebhookPost | undefined {
  const account = store.accounts[at];
  const url = store.callbackUrls[at] ?? liveUrl(account, webhookOf);
  if (url === undefined) return undefined;
  const subject = store.idAt(at);
  const receipt = store.receipt[at]!;
  const error = receipt === ReceiptState.Accepted ? DeliveryError.None : store.error[at]!;
  const body = JSON.stringify({
    event: 'receipt',
    id: subject,
    reference: store.references[at] ?? null,
    account: account ?? null,
    carrier: CARRIER_LABELS[store.carrier[at]!],
    receipt: RECEIPT_STATES[receipt],
    error: error === DeliveryError.None ? null : DELIVERY_ERRORS[error]!.name,
    copy,
    // Of the receipt itself from the record, so that it reads the same whenever it is told again.
    at: new Date(copy === 0 ? store.receiptAtMs[at]! : nowMs).toISOString(),
  });
  return { id: webhookId(subject, copy), subject, order: copy, url, ...(account !== undefined && { account }), body };
}

/** The posts of what `style` writes of a message, none if it writes nothing. `order` is of events that come before receipts. */
export function toldPosts(style: CallbackStyle, told: Told): readonly WebhookPost[] {
  const written = style.write(told);
  if (written === undefined) return [];
  const { store, at, event, copy, customer } = told;
  const [id, order, face] = [store.idAt(at), event + copy, store.face[at]!];
  if ('url' in written) return [writtenPost(written, id, order, face, customer)];
  // Parts are told of apart, each in its own order.
  return written.map((one, part) => writtenPost(one, partSubject(id, part), order, face, customer));
}

export const partSubject = (message: string, part: number): string => (part === 0 ? message : `${message}.${part}`);

/** The same of a message from a handset. */
export function inboundPost(style: CallbackStyle, face: number, message: InboundMessage): WebhookPost | undefined {
  const written = style.writeInbound(message);
  return written && writtenPost(written, message.id, 0, face, message.customer);
}

function writtenPost(
  { url, method, headers, body, failoverUrl }: WrittenCallback,
  subject: string,
  order: number,
  style: number,
  { account }: Customer,
): WebhookPost {
  return {
    id: webhookId(subject, order),
    subject,
    order,
    url,
    account,
    style,
    headers,
    body,
    ...(method && { method }),
    ...(failoverUrl !== undefined && { failoverUrl }),
  };
}

/** Where the events of an account go that name no address; undefined if nowhere. */
export function liveUrl(
  account: string | undefined,
  webhookOf: (account: string) => Pick<AccountWebhook, 'url' | 'isGone'> | undefined,
): string | undefined {
  const webhook = account === undefined ? undefined : webhookOf(account);
  return webhook === undefined || webhook.isGone ? undefined : webhook.url;
}
