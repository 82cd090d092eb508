/**
 * OpenTelemetry's packages, which the gateway can do without: they are loaded when traces are asked for, and only then.
 *
 * What is told of a collector that does not answer is one line; its spans are dropped. Nothing here is global: gateways in one process
 * have nothing in common.
 */
import type * as api from '@opentelemetry/api';
import type * as core from '@opentelemetry/core';
import type * as exporter from '@opentelemetry/exporter-trace-otlp-http';
import type * as resources from '@opentelemetry/resources';
import type * as sdk from '@opentelemetry/sdk-trace-base';
import {
  TRACE_COLLECTOR_MS,
  TRACE_FLUSH_MS,
  TRACE_SEND_MS,
  TRACE_SPANS_PER_SEND,
  TRACE_SPANS_WAITING_MAX,
} from '../limits.ts';
import type { Timers } from '../router/index.ts';

/** Optional peers of the package. */
export const TRACE_PACKAGES: readonly string[] = [
  '@opentelemetry/api',
  '@opentelemetry/core',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace-base',
];

/** Traces cannot be had; the message has the remedy. */
export class TracesUnavailable extends Error {}

export interface TraceOptions {
  /** Of the collector: `/v1/traces` is added unless it ends so. */
  readonly url: string;
  readonly version: string;
  /** Sets this process apart from others of the service. */
  readonly instance: string;
  /** The machine's: a collector lives in no other time. */
  readonly machineTimers: Timers;
  readonly log: { warn(fields: object, message: string): void };
  /** Imports the packages, which a test can have fail. */
  readonly load?: () => Promise<Packages>;
}

interface Packages {
  readonly api: typeof api;
  readonly core: typeof core;
  readonly exporter: typeof exporter;
  readonly resources: typeof resources;
  readonly sdk: typeof sdk;
}

/** What spans are made with, and where they go. */
export interface Traces {
  readonly api: Packages['api'];
  readonly tracer: api.Tracer;
  /** Reads and writes `traceparent` and `tracestate`. */
  readonly propagator: api.TextMapPropagator;
  /** Sends what is left, for a bounded time. Never rejects. */
  close(): Promise<void>;
}

async function loadPackages(): Promise<Packages> {
  const [ofApi, ofCore, ofExporter, ofResources, ofSdk] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-base'),
  ]);
  return { api: ofApi, core: ofCore, exporter: ofExporter, resources: ofResources, sdk: ofSdk };
}

/** Rejects with TracesUnavailable if a package is missing. */
export async function openTraces(options: TraceOptions): Promise<Traces> {
  const packages = await (options.load ?? loadPackages)().catch(explainMissing);
  const inner = new packages.exporter.OTLPTraceExporter({
    url: endpointOf(options.url),
    timeoutMillis: TRACE_COLLECTOR_MS,
  });
  const sending = new Sending(inner, options.log, packages.core.ExportResultCode.SUCCESS);
  const provider = new packages.sdk.BasicTracerProvider({
    resource: packages.resources.defaultResource().merge(
      packages.resources.resourceFromAttributes({
        'service.name': 'tollgate',
        'service.version': options.version,
        'service.instance.id': options.instance,
      }),
    ),
    // What begins here is begun because it is to be kept.
    sampler: new packages.sdk.ParentBasedSampler({ root: new packages.sdk.AlwaysOnSampler() }),
    spanProcessors: [
      sending.bounding(
        new packages.sdk.BatchSpanProcessor(sending, {
          maxQueueSize: TRACE_SPANS_WAITING_MAX,
          maxExportBatchSize: TRACE_SPANS_PER_SEND,
          scheduledDelayMillis: TRACE_SEND_MS,
        }),
      ),
    ],
  });
  return {
    api: packages.api,
    tracer: provider.getTracer('tollgate', options.version),
    propagator: new packages.core.W3CTraceContextPropagator(),
    async close() {
      let stop = (): void => undefined;
      const late = new Promise<void>((resolve) => (stop = options.machineTimers.after(TRACE_FLUSH_MS, resolve)));
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      stop();
    },
  };
}

function explainMissing(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
  const missing = TRACE_PACKAGES.find((name) => message.includes(name)) ?? 'a package';
  throw new TracesUnavailable(
    `${missing} is not installed, and traces need it; run npm install ${TRACE_PACKAGES.join(' ')}`,
  );
}

/** A code says more than a message where it is of several addresses that were tried, and then is empty. */
function whyOf(error: NodeJS.ErrnoException | undefined): string | undefined {
  return error?.code ?? error?.message;
}

function endpointOf(url: string): string {
  const endpoint = new URL(url);
  const path = endpoint.pathname.replace(/\/+$/, '');
  endpoint.pathname = path.endsWith('/v1/traces') ? path : `${path}/v1/traces`;
  return endpoint.href;
}

/** Sends spans, and says once that it cannot, until it can again; and once that there are more than can be sent. */
class Sending implements sdk.SpanExporter {
  readonly #exporter: sdk.SpanExporter;
  readonly #log: TraceOptions['log'];
  readonly #success: number;
  #waitingCount = 0;
  #isFailing = false;
  #hasOverflowed = false;

  /** @param success the code of a result that is none of a failure */
  constructor(exporter: sdk.SpanExporter, log: TraceOptions['log'], success: number) {
    this.#exporter = exporter;
    this.#log = log;
    this.#success = success;
  }

  /** The same processor, which calls this exporter, with spans dropped before it when too many wait. */
  bounding(processor: sdk.SpanProcessor): sdk.SpanProcessor {
    return {
      onStart: (span, context) => processor.onStart(span, context),
      onEnd: (span) => {
        if (this.#waitingCount >= TRACE_SPANS_WAITING_MAX) {
          this.#overflow();
          return;
        }
        this.#waitingCount += 1;
        processor.onEnd(span);
      },
      forceFlush: () => processor.forceFlush(),
      shutdown: () => processor.shutdown(),
    };
  }

  export(spans: sdk.ReadableSpan[], done: Parameters<sdk.SpanExporter['export']>[1]): void {
    this.#waitingCount -= spans.length;
    this.#exporter.export(spans, ({ code, error }) => {
      const isFailing = code !== this.#success;
      if (isFailing && !this.#isFailing) {
        this.#log.warn({ why: whyOf(error) }, 'the collector takes no traces: they are dropped until it does');
      }
      this.#isFailing = isFailing;
      // It has been told; the processor would tell whoever listens in this process.
      done({ code: this.#success });
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #overflow(): void {
    if (this.#hasOverflowed) return;
    this.#hasOverflowed = true;
    this.#log.warn({ waiting: TRACE_SPANS_WAITING_MAX }, 'more spans than can be sent: some are dropped');
  }
}
