/**
 * Traces of a gateway: a span for each HTTP request, one for each message it brings, and one for each attempt at a webhook that tells of
 * such a message. A message that came by no request, as by SMPP, has a trace of its own.
 *
 * Every part of the gateway is handed to this and comes back as one that is traced, so that a gateway without traces has none of it on
 * its way: no hook, no listener, no branch.
 */
import type { Context, Span } from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TRACED_MESSAGES_PER_REQUEST } from '../limits.ts';
import { AWAITS_LEASE, Intake, type MessageDraft, type MessageStore, NOT_STORED } from '../messages/index.ts';
import { isOwnRequest } from '../requests.ts';
import { DecisionCode, type Rng } from '../router/index.ts';
import { MessageTraces } from './message-traces.ts';
import { openTraces, type TraceOptions, type Traces } from './open-telemetry.ts';

/** A request under way, with the messages it has brought. */
interface TracedRequest {
  readonly span: Span;
  readonly context: Context;
  readonly ids: string[];
  takenCount: number;
  refusedCount: number;
  /** What begins later, such as a message at its time, is not of this request. */
  isOver: boolean;
}

type Requests = AsyncLocalStorage<TracedRequest>;

/** As much of those who hear of deliveries as is traced. */
interface Hears {
  taken?(at: number, nowMs: number): void;
  receiptArrived(at: number, copy: number, nowMs: number): void;
}

/** An attempt at a post, and what it came to. */
interface Posting {
  readonly post: { readonly subject: string; readonly url: string; readonly method?: string };
  readonly attempt: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface Posted {
  readonly result: string;
  readonly status?: number;
}

export interface TracingOptions extends TraceOptions {
  readonly store: MessageStore;
  /** 0 to 1: of the traces that begin here, how many are kept. */
  readonly share: number;
  /** Which of them. */
  readonly chance: Rng;
}

/** Rejects with TracesUnavailable if a package is missing. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  return new Tracing(await openTraces(options), options);
}

export class Tracing {
  readonly #traces: Traces;
  readonly #messages: MessageTraces;
  readonly #requests: Requests = new AsyncLocalStorage();
  readonly #isKept: () => boolean;

  constructor(traces: Traces, { store, share, chance }: Pick<TracingOptions, 'store' | 'share' | 'chance'>) {
    this.#traces = traces;
    this.#messages = new MessageTraces(traces, store);
    this.#isKept = () => chance.next() < share;
  }

  /** Traces requests to the routes that are added to `app` later. A span is named after the route, never after an address with its numbers. */
  requests(app: FastifyInstance): void {
    const { api, tracer, propagator } = this.#traces;
    const traced = new WeakMap<FastifyRequest, TracedRequest>();
    app.addHook('onRequest', (request, reply, done) => {
      const { method, headers } = request;
      const isSent = headers['traceparent'] !== undefined;
      const parent = isSent
        ? propagator.extract(api.ROOT_CONTEXT, headers, api.defaultTextMapGetter)
        : api.ROOT_CONTEXT;
      // Most requests are not traced, and cost no more than this.
      if (isOwnRequest(request) || (api.trace.getSpanContext(parent) === undefined && !this.#isKept())) {
        done();
        return;
      }
      const route = request.routeOptions.url;
      const attributes = { 'http.request.method': method, ...(route !== undefined && { 'http.route': route }) };
      const name = route === undefined ? method : `${method} ${route}`;
      const span = tracer.startSpan(name, { kind: api.SpanKind.SERVER, attributes }, parent);
      if (span.isRecording()) {
        const context = api.trace.setSpan(parent, span);
        const one = { span, context, ids: [], takenCount: 0, refusedCount: 0, isOver: false };
        traced.set(request, one);
        // Also of one that its sender gave up, which has no response in Fastify's sense.
        reply.raw.once('close', () => this.#end(one, reply.raw.headersSent ? reply.raw.statusCode : undefined));
      }
      done();
    });
    // The last before the handler: what it calls, now or later, is of this request.
    app.addHook('preHandler', (request, _reply, done) => {
      const one = traced.get(request);
      if (one === undefined) done();
      else this.#requests.run(one, done);
    });
  }

  /** An intake whose messages are traced: those of traced requests, and by `byItself` any. */
  intake(options: ConstructorParameters<typeof Intake>[0]): TracedIntake {
    const root = { context: this.#traces.api.ROOT_CONTEXT, isKept: this.#isKept };
    return new TracedIntake(options, this.#messages, this.#requests, root);
  }

  /** The same listener, to what carriers do with messages in the store. */
  listener<T extends Hears>(listener: T): T {
    return {
      ...listener,
      taken: (at: number, nowMs: number) => {
        this.#messages.taken(at);
        listener.taken?.(at, nowMs);
      },
      receiptArrived: (at: number, copy: number, nowMs: number) => {
        this.#messages.receiptArrived(at, copy);
        listener.receiptArrived(at, copy, nowMs);
      },
    };
  }

  /** The same `MessageStore.whenFinal`. */
  whenFinal(told: (at: number) => void): (at: number) => void {
    return (at) => {
      this.#messages.ended(at);
      told(at);
    };
  }

  /** The same sender of posts: those about messages that are traced carry the trace on. */
  posts<P extends Posting, A extends Posted>(send: (posting: P) => Promise<A>): (posting: P) => Promise<A> {
    const { api, tracer, propagator } = this.#traces;
    return async (posting) => {
      const { subject, url, method = 'POST' } = posting.post;
      // Parts of a message are told of apart, as its id with a point and a number.
      const [id = ''] = subject.split('.', 1);
      const parent = this.#messages.contextOf(id);
      if (parent === undefined) return send(posting);
      const { hostname, port, protocol } = new URL(url);
      const attributes = {
        'http.request.method': method,
        'server.address': hostname,
        'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
        'tollgate.message.id': id,
        ...(posting.attempt > 1 && { 'http.request.resend_count': posting.attempt - 1 }),
      };
      const span = tracer.startSpan(`${method} webhook`, { kind: api.SpanKind.CLIENT, attributes }, parent);
      const headers = { ...posting.headers };
      propagator.inject(api.trace.setSpan(parent, span), headers, api.defaultTextMapSetter);
      const posted = await send({ ...posting, headers });
      if (posted.status !== undefined) span.setAttribute('http.response.status_code', posted.status);
      if (posted.result !== 'ok') this.#fail(span, posted.result);
      span.end();
      return posted;
    };
  }

  /** The store holds other messages than before. */
  forget(): void {
    this.#messages.forget();
  }

  /** Sends what is left, for a bounded time. Never rejects. */
  close(): Promise<void> {
    this.#messages.forget();
    return this.#traces.close();
  }

  #end(request: TracedRequest, status: number | undefined): void {
    const { span, ids, takenCount, refusedCount } = request;
    request.isOver = true;
    if (ids.length > 0) span.setAttribute('tollgate.message.ids', ids);
    if (takenCount > 0) span.setAttribute('tollgate.messages.taken', takenCount);
    if (refusedCount > 0) span.setAttribute('tollgate.messages.refused', refusedCount);
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    if (status === undefined || status >= 500) this.#fail(span, String(status ?? 'aborted'));
    span.end();
  }

  #fail(span: Span, type: string): void {
    span.setAttribute('error.type', type);
    span.setStatus({ code: this.#traces.api.SpanStatusCode.ERROR });
  }
}

class TracedIntake extends Intake {
  /** For messages that come by no request: each may begin a trace. */
  readonly byItself: Pick<Intake, 'slot' | 'submit' | 'kept'> = {
    slot: this.slot,
    submit: (draft, mayAwaitLease) => this.#submitByItself(draft, mayAwaitLease),
    kept: () => this.kept(),
  };
  readonly #store: MessageStore;
  readonly #messages: MessageTraces;
  readonly #requests: Requests;
  readonly #root: { readonly context: Context; readonly isKept: () => boolean };

  constructor(
    options: ConstructorParameters<typeof Intake>[0],
    messages: MessageTraces,
    requests: Requests,
    root: { readonly context: Context; readonly isKept: () => boolean },
  ) {
    super(options);
    this.#store = options.store;
    this.#messages = messages;
    this.#requests = requests;
    this.#root = root;
  }

  override submit(draft: Readonly<MessageDraft>, mayAwaitLease = true): number {
    const request = this.#requests.getStore();
    // What a request has left to be sent later is not followed.
    if (request === undefined || request.isOver) return super.submit(draft, mayAwaitLease);
    const isFollowed = request.takenCount + request.refusedCount < TRACED_MESSAGES_PER_REQUEST;
    const sequence = isFollowed
      ? this.#submitTraced(draft, mayAwaitLease, request.context)
      : super.submit(draft, mayAwaitLease);
    if (sequence === AWAITS_LEASE) return sequence;
    const { code } = this.slot;
    if (code === DecisionCode.Accepted || code === DecisionCode.Queued) request.takenCount += 1;
    else request.refusedCount += 1;
    if (isFollowed && sequence !== NOT_STORED) request.ids.push(this.#store.idOf(sequence));
    return sequence;
  }

  #submitByItself(draft: Readonly<MessageDraft>, mayAwaitLease = true): number {
    const { isKept, context } = this.#root;
    return isKept() ? this.#submitTraced(draft, mayAwaitLease, context) : super.submit(draft, mayAwaitLease);
  }

  #submitTraced(draft: Readonly<MessageDraft>, mayAwaitLease: boolean, parent: Context): number {
    this.#messages.begin(parent);
    const sumNs = this.decisionTimes.sumNs;
    const sequence = super.submit(draft, mayAwaitLease);
    if (sequence === AWAITS_LEASE) this.#messages.dropped();
    else this.#messages.decided(sequence, this.slot, this.decisionTimes.sumNs - sumNs);
    return sequence;
  }
}
