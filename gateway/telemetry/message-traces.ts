/**
 * The traces of messages: of each that is followed a span, from its decision to its end, in the trace of the request that brought it.
 *
 * How many are followed at a time is bounded: the oldest is let go of, as are those whose end has come, which are kept for what comes
 * after it. A span says what was decided and what became of the message; nothing of who sent it what, and nothing of ground truth. Times in
 * spans are the machine's, whatever the gateway's clock says.
 */
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { TRACED_MESSAGES_MAX } from '../limits.ts';
import {
  DELIVERY_ERRORS,
  DeliveryError,
  MESSAGE_STATES,
  type MessageStore,
  NOT_STORED,
  RECEIPT_STATES,
  ReceiptState,
} from '../messages/index.ts';
import {
  Binding,
  bindingAt,
  CARRIER_LABELS,
  decisionAt,
  DecisionCode,
  type MessageSlot,
  nameAt,
  REGISTRATION_LABELS,
  registrationLabelIndex,
  REGISTRATION_REASONS,
} from '../router/index.ts';
import type { Traces } from './open-telemetry.ts';

const NS_PER_US = 1_000;

interface TracedMessage {
  readonly span: Span;
  /** Of what follows from the message. */
  readonly context: Context;
}

/** A decision as a slot or the columns of the store have it. */
type Decided = Pick<MessageSlot, 'code' | 'registration' | 'carrier' | 'binding'>;

export class MessageTraces {
  readonly #traces: Traces;
  readonly #store: MessageStore;
  /** By sequence number, the oldest first. */
  readonly #messages = new Map<number, TracedMessage>();
  /** The message that is being submitted: it has no number yet. */
  #submitted: TracedMessage | undefined;

  constructor(traces: Traces, store: MessageStore) {
    this.#traces = traces;
    this.#store = store;
  }

  /** A message is about to be submitted, which is to be followed. */
  begin(parent: Context): void {
    const { api, tracer } = this.#traces;
    const span = tracer.startSpan('message', {}, parent);
    this.#submitted = { span, context: api.trace.setSpan(parent, span) };
  }

  /** The message that was begun has been decided: it is in the store under `sequence`, or nowhere (NOT_STORED). */
  decided(sequence: number, slot: Readonly<MessageSlot>, decisionNs: number): void {
    const traced = this.#submitted;
    if (traced === undefined) return;
    this.#submitted = undefined;
    const { span } = traced;
    span.setAttributes({ ...describe(slot), 'tollgate.segments': slot.units });
    span.setAttribute('tollgate.decision.us', decisionNs / NS_PER_US);
    if (sequence !== NOT_STORED) span.setAttribute('tollgate.message.id', this.#store.idOf(sequence));
    const { code } = slot;
    if (code === DecisionCode.Queued) span.addEvent('queued');
    if (sequence === NOT_STORED || (code !== DecisionCode.Accepted && code !== DecisionCode.Queued)) span.end();
    else this.#follow(sequence, traced);
  }

  /** What was begun has not been decided after all. */
  dropped(): void {
    this.#submitted = undefined;
  }

  /** A carrier took the message at ring place `at`, perhaps while it was submitted. */
  taken(at: number): void {
    const traced = this.#submitted ?? this.#messages.get(this.#store.sequenceAt(at));
    traced?.span.addEvent('taken');
  }

  receiptArrived(at: number, copy: number): void {
    const traced = this.#messages.get(this.#store.sequenceAt(at));
    if (traced === undefined) return;
    const attributes = { 'tollgate.receipt': receiptAt(this.#store, at), 'tollgate.receipt.copy': copy };
    if (traced.span.isRecording()) traced.span.addEvent('receipt', attributes);
    else this.#traces.tracer.startSpan('receipt', { attributes }, traced.context).end();
  }

  /** The message at ring place `at` has come to its end, which the store has. */
  ended(at: number): void {
    const store = this.#store;
    const span = this.#messages.get(store.sequenceAt(at))?.span;
    if (span === undefined) return;
    const { code: codes, registration: registrations, carrier: carriers, binding: bindings } = store;
    const [code = 0, registration = 0, carrier = 0, binding = 0] = [
      codes[at],
      registrations[at],
      carriers[at],
      bindings[at],
    ];
    // One that waited has been decided since.
    span.setAttributes(describe({ code, registration, carrier, binding }));
    const state = nameAt(MESSAGE_STATES, store.state[at] ?? 0);
    span.setAttributes({ 'tollgate.state': state, 'tollgate.receipt': receiptAt(store, at) });
    const error = store.error[at] ?? DeliveryError.None;
    if (error !== DeliveryError.None) span.setAttribute('tollgate.error', DELIVERY_ERRORS[error]?.name ?? '');
    span.addEvent(state);
    span.end();
  }

  /** What follows from a message takes place in this context; undefined if it is not followed. */
  contextOf(id: string): Context | undefined {
    return this.#messages.get(this.#store.sequenceOf(id))?.context;
  }

  /** Lets go of all messages: they are not followed any more. */
  forget(): void {
    for (const { span } of this.#messages.values()) letGo(span);
    this.#messages.clear();
  }

  #follow(sequence: number, traced: TracedMessage): void {
    this.#messages.set(sequence, traced);
    if (this.#messages.size <= TRACED_MESSAGES_MAX) return;
    const [oldest] = this.#messages;
    if (oldest === undefined) return;
    letGo(oldest[1].span);
    this.#messages.delete(oldest[0]);
  }
}

function describe({ code, registration, carrier, binding }: Decided): Attributes {
  return {
    'tollgate.decision': decisionAt(code).name,
    'tollgate.registration': nameAt(REGISTRATION_LABELS, registrationLabelIndex(registration)),
    'tollgate.registration.reason': nameAt(REGISTRATION_REASONS, registration),
    'tollgate.carrier': nameAt(CARRIER_LABELS, carrier),
    ...(binding !== Binding.None && { 'tollgate.limit': bindingAt(binding).name }),
  };
}

function receiptAt(store: MessageStore, at: number): string {
  return RECEIPT_STATES[store.receipt[at] ?? ReceiptState.None] ?? 'none';
}

/** Ends the span of a message that has not ended. */
function letGo(span: Span): void {
  if (!span.isRecording()) return;
  span.setAttribute('tollgate.state', 'unknown');
  span.end();
}
