import { afterEach, expect, test } from 'vitest';
import { type RedisServer, startRedisServer, tell } from '../../../scripts/redis-server.ts';
import { systemClock, systemTimers } from '../../control/index.ts';
import { DELIVERY_KEEP_TIMEOUT_MS } from '../../limits.ts';
import { loadWorld } from '../../load-world.ts';
import { type Gateway, openGateway } from '../../main.ts';
import { readOptions } from '../../options.ts';
import { formatNumber } from '../../../registry-cache/index.ts';
import { type CommandName, PduWriter, Status, writePdu } from '../../smpp/index.ts';
import { createLog } from '../../telemetry/index.ts';
import { EsmeUnderTest } from './esme-under-test.ts';

let server: RedisServer | undefined;
const gateways: Gateway[] = [];
const esmes: EsmeUnderTest[] = [];
const { carrierMap } = loadWorld();
const [from] = carrierMap.blocksOf('cpaas');
const [to] = carrierMap.blocksOf('tmobile');

afterEach(async () => {
  for (const esme of esmes.splice(0)) esme.close();
  await server?.resume();
  for (const gateway of gateways.splice(0)) await gateway.close();
  await server?.stop();
});

async function openOne(redis: RedisServer): Promise<Gateway> {
  const flags = { port: '0', smppPort: '0', logLevel: 'silent', tariffDate: '2022-01-01', redisUrl: redis.url };
  const read = readOptions({ environment: {}, flags });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const log = createLog('silent');
  const gateway = await openGateway({
    options: read.options,
    world: loadWorld(),
    clock: systemClock,
    timers: systemTimers,
    log,
  });
  gateways.push(gateway);
  return gateway;
}

async function bound(gateway: Gateway, command: CommandName, isPolite = true): Promise<EsmeUnderTest> {
  const esme = await EsmeUnderTest.connect(gateway.smppPorts[0] ?? 0);
  esme.isPolite = isPolite;
  esmes.push(esme);
  expect((await esme.bind(command)).status).toBe(Status.Ok);
  return esme;
}

function fields(place: number): object {
  const number = (block: number | undefined): string => formatNumber((block ?? 0) * 1_000 + place).slice(1);
  return {
    sourceAddr: number(from),
    destinationAddr: number(to),
    registeredDelivery: 1,
    shortMessage: Buffer.from('Kept.'),
  };
}

async function toldId(esme: EsmeUnderTest): Promise<string> {
  const { fields: told } = await esme.nextOf('DeliverSm');
  return /^id:(\S+)/.exec(Buffer.from(told.shortMessage ?? []).toString())?.[1] ?? '';
}

test('with Redis an answer waits until its message is kept, receipts come from the worker, and nothing is claimed in an outage', async () => {
  server = await startRedisServer(['--maxmemory-policy', 'noeviction']);
  const gateway = await openOne(server);
  const esme = await bound(gateway, 'BindTransceiver');

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
    expect(ids.has(await toldId(esme))).toBe(true);
    told += 1;
    // Some phones send no receipts, and some receipts are lost: most is enough.
    if (told >= count * 0.7) break;
  }

  // A message by data_sm waits as well.
  const parameters = [{ tag: 0x0424, value: Buffer.from('Kept too.') }];
  const { shortMessage: _, ...others } = fields(count) as Record<string, unknown>;
  expect((await esme.ask('DataSm', others, { parameters })).status).toBe(Status.Ok);

  // While Redis does not answer nobody is told yes; enquiries are answered all the same, and in time the sender is told no.
  await server.pause();
  const sentMs = Date.now();
  const answer = esme.ask('SubmitSm', fields(count + 1));
  expect((await esme.ask('EnquireLink')).status).toBe(Status.Ok);
  expect((await answer).status).toBe(Status.SystemError);
  expect(Date.now() - sentMs).toBeGreaterThan(DELIVERY_KEEP_TIMEOUT_MS * 0.8);
});

test('receipts wait in Redis for a bind at any gateway, and come again until they are acknowledged', async () => {
  server = await startRedisServer(['--maxmemory-policy', 'noeviction']);
  const [one, other] = [await openOne(server), await openOne(server)];
  const sender = await bound(one, 'BindTransmitter');
  const ids = new Set<string>();
  for (let place = 0; ids.size < 20; place += 1) {
    const answer = await sender.ask('SubmitSm', { ...fields(place), validityPeriod: '000001000000000R' });
    expect(answer.status).toBe(Status.Ok);
    ids.add(answer.fields.messageId ?? '');
  }
  // Those that did not ask for one get none.
  expect((await sender.ask('SubmitSm', { ...fields(30), registeredDelivery: 0 })).status).toBe(Status.Ok);
  const messages = await sender.ask('SubmitMulti', {
    ...fields(31),
    destAddresses: [32, 33].map((place) => ({
      ton: 1,
      npi: 1,
      address: (fields(place) as { destinationAddr: string }).destinationAddr,
    })),
  });
  expect(messages.fields.unsuccessSmes).toEqual([]);
  const groupId = messages.fields.messageId ?? '';

  // Read by a bind that acknowledges nothing, and then ends.
  const deaf = await bound(one, 'BindReceiver', false);
  const heard = new Set([await toldId(deaf)]);
  expect([...ids, groupId]).toContain([...heard][0]);
  deaf.close();
  const receiver = await bound(other, 'BindReceiver');
  const told = new Map<string, number>();
  const enough = (ids.size + 2) * 0.7;
  for (let all = 0; all < enough || !told.has([...heard][0] ?? ''); all += 1) {
    const id = await toldId(receiver);
    expect([...ids, groupId]).toContain(id);
    told.set(id, (told.get(id) ?? 0) + 1);
  }
  for (const [id, times] of told) expect(times, id).toBeLessThanOrEqual(id === groupId ? 2 : 1);

  // What was acknowledged is in Redis no more; what is asked after anywhere is found.
  await expect
    .poll(async () => Number((await tell(server!, 'XLEN tollgate:{delivery}:spool:esme')).slice(1)))
    .toBeLessThanOrEqual(ids.size + 2 - told.size);
  const messageId = [...told.keys()].find((id) => id !== groupId) ?? '';
  const { sourceAddr } = fields([...ids].indexOf(messageId)) as { sourceAddr: string };
  const witness = await bound(other, 'BindTransmitter');
  const query = await witness.ask('QuerySm', { messageId, sourceAddr });
  expect(query).toMatchObject({ status: Status.Ok, fields: { messageId } });
  expect(query.fields.messageState).not.toBe(1);
  expect((await witness.ask('QuerySm', { messageId, sourceAddr: '12125550100' })).status).toBe(Status.QueryFailed);
  expect((await witness.ask('QuerySm', { messageId: 'M0-0', sourceAddr })).status).toBe(Status.InvalidMessageId);
  const stranger = await EsmeUnderTest.connect(other.smppPorts[0] ?? 0);
  esmes.push(stranger);
  await stranger.bind('BindTransmitter', { systemId: 'stranger' });
  expect((await stranger.ask('QuerySm', { messageId, sourceAddr })).status).toBe(Status.InvalidMessageId);
});

test('a scheduled message waits in Redis: any gateway tells of it, replaces it, takes it back, and sends it at its time', async () => {
  server = await startRedisServer(['--maxmemory-policy', 'noeviction']);
  const [one, other] = [await openOne(server), await openOne(server)];
  const [esme, elsewhere] = [await bound(one, 'BindTransmitter'), await bound(other, 'BindTransceiver')];
  const stranger = await EsmeUnderTest.connect(other.smppPorts[0] ?? 0);
  esmes.push(stranger);
  await stranger.bind('BindTransmitter', { systemId: 'stranger' });
  const { sourceAddr = '', destinationAddr = '' } = fields(0) as { sourceAddr?: string; destinationAddr?: string };
  const later = { ...fields(0), scheduleDeliveryTime: '000000010000000R' };
  const idOf = async (own: object): Promise<string> => {
    const answer = await esme.ask('SubmitSm', own);
    expect(answer.status).toBe(Status.Ok);
    return answer.fields.messageId ?? '';
  };

  // One to be sent, one to be taken back by its id, two by their numbers, and one in whose place another comes.
  const sentId = await idOf(later);
  const query = { messageId: sentId, sourceAddr };
  expect((await elsewhere.ask('QuerySm', query)).fields.messageState).toBe(1);
  expect((await stranger.ask('QuerySm', query)).status).toBe(Status.InvalidMessageId);
  expect((await stranger.ask('CancelSm', query)).status).toBe(Status.InvalidMessageId);
  const cancelledId = await idOf(later);
  expect((await elsewhere.ask('CancelSm', { messageId: cancelledId, sourceAddr })).status).toBe(Status.Ok);
  expect(await toldId(elsewhere)).toBe(cancelledId);
  const destAddresses = [destinationAddr, (fields(1) as { destinationAddr: string }).destinationAddr].map(
    (address) => ({ ton: 1, npi: 1, address }),
  );
  const several = await esme.ask('SubmitMulti', { ...later, destAddresses });
  const messageId = several.fields.messageId ?? '';
  expect((await elsewhere.ask('CancelSm', { messageId, sourceAddr })).status).toBe(Status.Ok);
  expect([await toldId(elsewhere), await toldId(elsewhere)]).toEqual([messageId, messageId]);
  await idOf({ ...later, serviceType: 'like', registeredDelivery: 0 });
  await idOf({ ...later, serviceType: 'like', registeredDelivery: 0, replaceIfPresentFlag: 1 });
  const timed = async (): Promise<string> => tell(server!, 'HLEN tollgate:{delivery}:timed');
  expect(await timed()).toBe(':2');
  expect((await elsewhere.ask('CancelSm', { serviceType: 'like', sourceAddr, destinationAddr })).status).toBe(0);
  expect(await timed()).toBe(':1');

  // Its time is now.
  const now = { ...query, scheduleDeliveryTime: '000000000001000R', registeredDelivery: 1 };
  const shortMessage = Buffer.from('Changed.');
  expect((await elsewhere.ask('ReplaceSm', { ...now, shortMessage })).status).toBe(Status.Ok);
  await expect.poll(timed).toBe(':0');
  for (const asked of [esme, elsewhere]) {
    const { status, fields: answered } = await asked.ask('QuerySm', query);
    expect([status, answered.messageId]).toEqual([Status.Ok, sentId]);
  }
  const found = await Promise.all(
    [one, other].map(async ({ url }) => (await fetch(`${url}/v1/messages?from=%2B${sourceAddr}`)).text()),
  );
  expect(found.join('').match(/Changed\./g)).toHaveLength(1);
  expect((await elsewhere.ask('CancelSm', query)).status).not.toBe(Status.Ok);
});
