/**
 * Messages as a real sender would put them on the wire: the demo's texts, destinations, routes and shares of spam.
 *
 * Only its senders are too few: a hundred registered numbers would be over their limits within a second at the speeds
 * measured here, and a gateway that refuses has less to do. So whoever is registered in the demo sends from one of many
 * generated campaigns instead, small enough each that nearly everything is accepted.
 */
import { formatNumber, loadCarrierMap } from '../registry-cache/index.ts';
import { createDemo } from '../gateway/demo/index.ts';
import { namedStream } from '../gateway/router/index.ts';
import { drawNumbers, type PopulationOptions } from './population.ts';

const START_MS = Date.UTC(2024, 2, 6, 20);
const MESSAGES_PER_SECOND = 1_000;

export interface TrafficOptions {
  /** The registry that the messages will meet, made with the same options. */
  readonly population: PopulationOptions;
  readonly messages: number;
}

/** JSON texts, one per message, in the order they would be sent. */
export function messageTexts({ population, messages }: TrafficOptions): string[] {
  const { seed } = population;
  const blocks = loadCarrierMap();
  const senders = drawNumbers(seed, blocks.blocksOf('cpaas'), population.numbers);
  const { registry, traffic } = createDemo({ seed, ratePerSecond: MESSAGES_PER_SECOND, startMs: START_MS, blocks });
  const registered = new Set(registry.numbers.map((one) => one.number));
  const chance = namedStream(seed, 'bench/senders');
  return Array.from({ length: messages }, () => {
    const message = traffic.next(Infinity);
    if (message === undefined) throw new Error('the demo ran out of messages');
    const { to, text, account, route, truth, reference } = message;
    const from = registered.has(message.from)
      ? formatNumber(senders[Math.floor(chance.next() * senders.length)]!)
      : message.from;
    return JSON.stringify({ from, to, text, account, route, truth, reference });
  });
}

export const BATCH_FORMS = ['ndjson', 'json'] as const;
export type BatchForm = (typeof BATCH_FORMS)[number];

export interface BatchOptions extends TrafficOptions {
  readonly messagesPerRequest: number;
}

/** The same messages as bodies of a batch in one form or the other. */
export function batchBodies(form: BatchForm, options: BatchOptions): Buffer[] {
  const texts = messageTexts(options);
  const bodies: Buffer[] = [];
  for (let from = 0; from < texts.length; from += options.messagesPerRequest) {
    const some = texts.slice(from, from + options.messagesPerRequest);
    bodies.push(Buffer.from(form === 'ndjson' ? some.join('\n') : `[${some.join(',')}]`));
  }
  return bodies;
}
