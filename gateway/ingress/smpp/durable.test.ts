import { afterEach, expect, test } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../scripts/redis-server.ts';
import { systemClock, systemTimers } from '../../control/index.ts';
import { DELIVERY_KEEP_TIMEOUT_MS } from '../../limits.ts';
import { loadWorld } from '../../load-world.ts';
import { type Gateway, openGateway } from '../../main.ts';
import { readOptions } from '../../options.ts';
import { formatNumber } from '../../../registry-cache/index.ts';
import { Status, writePdu, PduWriter } from '../../smpp/index.ts';
import { createLog } from '../../telemetry/index.ts';
import { EsmeUnderTest } from './esme-under-test.ts';

let server: RedisServer | undefined;
let gateway: Gateway | undefined;
let esme: EsmeUnderTest | undefined;

afterEach(async () => {
  esme?.close();
  server?.resume();
  await gateway?.close();
  await server?.stop();
});

function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000));
}

test('with Redis an answer waits until its message is kept, receipts come from the worker, and nothing is claimed in an outage', async () => {
  server = await startRedisServer(['--maxmemory-policy', 'noeviction']);
  const flags = { port: '0', smppPort: '0', logLevel: 'silent', tariffDate: '2022-01-01', redisUrl: server.url };
  const read = readOptions({ environment: {}, flags });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const world = loadWorld();
  const log = createLog('silent');
  gateway = await openGateway({ options: read.options, world, clock: systemClock, timers: systemTimers, log });
  const blocks = world.carrierMap.blocksOf('tmobile');
  const fields = (place: number): object => ({
    sourceAddr: formatNumber((world.carrierMap.blocksOf('cpaas')[0] ?? 0) * 1_000 + place),
    destinationAddr: formatNumber((blocks[0] ?? 0) * 1_000 + place),
    registeredDelivery: 1,
    shortMessage: Buffer.from('Kept.'),
  });
  esme = await EsmeUnderTest.connect(gateway.smppPorts[0] ?? 0);
  await esme.bind();

  // Many in one write are kept together, and the receipt of each comes back.
  const count = 50;
  const writer = new PduWriter();
  for (let place = 0; place < count; place += 1) {
    writePdu(writer, { command: 'SubmitSm', sequence: 1_000 + place, fields: fields(place) });
  }
  esme.socket.write(writer.take());
  const ids = new Set<string>();
  for (let place = 0; place < count; place += 1) {
    const answer = await esme.next(({ sequence, command }) => sequence === 1_000 + place && command === 'SubmitSmResp');
    expect(answer.status).toBe(Status.Ok);
    ids.add(answer.fields.messageId ?? '');
  }
  expect(ids.size).toBe(count);
  const kept = await fetch(`${gateway.url}/v1/messages/${[...ids][0]}`);
  expect(((await kept.json()) as { text: string }).text).toBe('Kept.');
  for (let told = 0; told < count;) {
    const receipt = await esme.nextOf('DeliverSm');
    const id = /^id:(\S+)/.exec(Buffer.from(receipt.fields.shortMessage ?? []).toString())?.[1] ?? '';
    expect(ids.has(id)).toBe(true);
    told += 1;
    // Some phones send no receipts, and some receipts are lost: most is enough.
    if (told >= count * 0.7) break;
  }

  // A message by data_sm waits as well.
  const parameters = [{ tag: 0x0424, value: Buffer.from('Kept too.') }];
  const { shortMessage: _, ...others } = fields(count) as Record<string, unknown>;
  expect((await esme.ask('DataSm', others, { parameters })).status).toBe(Status.Ok);

  // One that would have to wait in this process alone is not taken.
  const scheduled = { ...fields(count), scheduleDeliveryTime: '000000010000000R' };
  expect((await esme.ask('SubmitSm', scheduled)).status).toBe(Status.InvalidSchedule);

  // While Redis does not answer nobody is told yes; enquiries are answered all the same, and in time the sender is told no.
  server.pause();
  const client = esme;
  for (let place = count + 1; ; place += 1) {
    const sentMs = Date.now();
    const answer = client.ask('SubmitSm', fields(place));
    const isAnswered = await Promise.race([answer.then(() => true), soon().then(() => false)]);
    // Until it is paused it answers.
    if (isAnswered) continue;
    expect((await client.ask('EnquireLink')).status).toBe(Status.Ok);
    expect((await answer).status).toBe(Status.SystemError);
    expect(Date.now() - sentMs).toBeGreaterThan(DELIVERY_KEEP_TIMEOUT_MS * 0.8);
    break;
  }
}, 60_000);
