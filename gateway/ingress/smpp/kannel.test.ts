import { afterEach, expect, test } from 'vitest';
import { Kannel } from '../../../scripts/kannel.ts';
import { systemClock, systemTimers } from '../../control/index.ts';
import { formatNumber } from '../../../registry-cache/index.ts';
import { loadWorld } from '../../load-world.ts';
import { type Gateway, openGateway } from '../../main.ts';
import { readOptions } from '../../options.ts';
import { createLog } from '../../telemetry/index.ts';

let gateway: Gateway | undefined;
let kannel: Kannel | undefined;

afterEach(async () => {
  await kannel?.stop();
  await gateway?.close();
});

test('Kannel binds, sends, concatenates, is throttled and tries again, gets receipts, asks after the link and unbinds', async () => {
  const world = loadWorld();
  const flags = { port: '0', smppPort: '0', logLevel: 'silent', tariffDate: '2022-01-01' };
  const read = readOptions({ environment: {}, flags });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const log = createLog('silent');
  gateway = await openGateway({ options: read.options, world, clock: systemClock, timers: systemTimers, log });
  const { store, url } = gateway;
  const number = (group: 'att' | 'tmobile' | 'cpaas' | 'landline', place = 0): string =>
    formatNumber((world.carrierMap.blocksOf(group)[place] ?? 0) * 1_000);
  const account = { kind: 'postpaid', limits: { smsPerSecond: 1 } };
  const put = await fetch(`${url}/v1/accounts/kannel`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  expect(put.ok).toBe(true);

  const [smppPort = 0] = gateway.smppPorts;
  kannel = await Kannel.start({ smppPort, systemId: 'kannel', password: 'secret', enquireLinkSeconds: 1 });
  const { typesOf } = { typesOf: (name: string) => kannel?.typesOf(name) ?? [] };
  const from = number('cpaas');

  // One message: accepted by us, taken by its carrier.
  expect(await kannel.send({ name: 'plain', from, to: number('tmobile'), text: 'Hello {Kannel} €5' })).toContain(
    'Accepted',
  );
  await expect.poll(() => typesOf('plain')).toEqual([8, 4]);
  expect(store.texts.get(0)).toBe('Hello {Kannel} €5');
  expect(store.accounts[0]).toBe('kannel');

  // In UCS-2.
  await kannel.send({ name: 'cyrillic', from, to: number('tmobile', 1), text: 'Привет, мир', coding: 2 });
  await expect.poll(() => typesOf('cyrillic')[0]).toBe(8);
  expect(store.texts.get(1)).toBe('Привет, мир');

  // A landline is refused for good.
  await kannel.send({ name: 'landline', from, to: number('landline'), text: 'Hello' });
  await expect.poll(() => typesOf('landline')).toEqual([16]);

  // A long text comes in parts. Over one a second of the account they are throttled, and sent again until all are through.
  const before = store.nextSequence;
  const long = 'A long text of several parts, every one of which is a message. '.repeat(6);
  await kannel.send({ name: 'long', from, to: number('tmobile', 2), text: long });
  const parts = (): string[] =>
    Array.from({ length: store.nextSequence - before }, (_, index) => before + index)
      .filter((at) => store.code[at] === 0)
      .map((at) => store.texts.get(at));
  await expect.poll(() => parts().length).toBe(3);
  expect(
    parts()
      .toSorted((one, other) => long.indexOf(one) - long.indexOf(other))
      .join(''),
  ).toBe(long);
  expect(store.nextSequence - before).toBeGreaterThan(3);
  expect(parts().every((part) => part.length <= 153)).toBe(true);

  await expect.poll(() => kannel?.log()).toContain('enquire_link_resp');
  await kannel.endBearerbox();
  expect(kannel.log()).toContain('unbind_resp');
});
