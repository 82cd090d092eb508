/**
 * How fast is a message priced, and does pricing allocate? Beside the same question answered from the rows of the
 * tariff book as they were read. Every request is answered by both first and must come out alike.
 */
import { DIRECTIONS, MESSAGES, type Quote, rate, RateCode, type RateRequest, SENDERS } from '../tariffs/index.ts';
import { loadWorld } from '../gateway/index.ts';
import { namedStream } from '../gateway/router/index.ts';
import {
  allocatedBytesPerOp,
  type BenchSettings,
  type Figure,
  figureOf,
  interleave,
  loopSide,
  type Series,
} from './harness.ts';
import { bookPrice, type PriceQuestion } from './peers/book-price.ts';

const UNIT = 'quotes/s';
const FIRST_MS = Date.UTC(2021, 0, 1);
const LAST_MS = Date.UTC(2026, 0, 1);
const RECENT_MS = Date.UTC(2024, 2, 1);

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const { book, rates } = loadWorld();
  const chance = namedStream(seed, 'bench/rate');
  const below = (count: number): number => Math.floor(chance.next() * count);
  // Nearly all messages are 10DLC SMS on their way out, priced at one recent date; the rest is anything.
  const requests = Array.from({ length: 4_096 }, (): RateRequest => {
    const isUsual = chance.next() < 0.9;
    return {
      carrier: below(rates.carriers.length),
      sender: isUsual ? 0 : below(SENDERS.length),
      registered: below(2),
      direction: isUsual ? 0 : below(DIRECTIONS.length),
      message: isUsual ? 0 : below(MESSAGES.length),
      units: 1 + below(3),
      route: chance.next() < 0.05 ? 1 : 0,
      atMs: isUsual ? RECENT_MS : FIRST_MS + below(LAST_MS - FIRST_MS),
    };
  });
  const questions = requests.map((request): PriceQuestion => ({
    carrier: rates.carriers[request.carrier]!,
    sender: SENDERS[request.sender]!,
    isRegistered: request.registered === 1,
    direction: DIRECTIONS[request.direction]!,
    message: MESSAGES[request.message]!,
    units: request.units,
    isP2p: request.route === 1,
    atMs: request.atMs,
  }));

  const quote: Quote = {
    row: -1,
    carrierFeeMicros: 0,
    surchargeMicros: 0,
    dcaMicros: 0,
    aggregatorMicros: 0,
    totalMicros: 0,
  };
  requests.forEach((request, at) => {
    const code = rate(rates, request, quote);
    const price = bookPrice(book, questions[at]!);
    const same =
      price === undefined
        ? code !== RateCode.Ok
        : code === RateCode.Ok &&
          price.carrierFeeMicros === quote.carrierFeeMicros &&
          price.surchargeMicros === quote.surchargeMicros &&
          price.dcaMicros === quote.dcaMicros &&
          price.aggregatorMicros === quote.aggregatorMicros;
    if (!same) throw new Error(`rate and the book disagree on ${JSON.stringify(questions[at])}`);
  });

  const compiled = (count: number): number => {
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += rate(rates, requests[i & 4_095]!, quote) + quote.totalMicros;
    return sum;
  };
  const scanned = (count: number): number => {
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += bookPrice(book, questions[i & 4_095]!)?.aggregatorMicros ?? 0;
    return sum;
  };
  const loops = isTiny ? 4_096 : 8_388_608;
  const rounds = isTiny ? 2 : 9;
  const [subject, baseline] = (await interleave(
    [loopSide('rate', UNIT, loops, compiled), loopSide("scan of the book's rows", UNIT, loops / 16, scanned)],
    rounds,
  )) as [Series, Series];
  return [
    figureOf({
      bench: 'rate',
      figure: 'rate',
      params: { requests: requests.length, bookRows: book.rates.length, rounds },
      subject,
      baseline,
      allocatedBytesPerOp: await allocatedBytesPerOp(compiled, { isTiny }),
      target: [{ measure: 'allocatedBytesPerOp', atMost: 0 }],
      note: `the scan allocates ${await allocatedBytesPerOp(scanned, { isTiny })} bytes per quote`,
    }),
  ];
}
