import { setTimeout as realTime } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openGatewayUnderTest } from '../gateway-under-test.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What a gateway and a sandbox behind it held, both closed. */
async function ofClosed(): Promise<WeakRef<object>[]> {
  const gateway = await openGatewayUnderTest();
  const sandbox = await gateway.sandboxes?.open();
  if (sandbox === undefined || 'detail' in sandbox) throw new Error('no sandbox');
  await gateway.ask('GET', `/sandboxes/${sandbox.id}/metrics`);
  await gateway.send();
  await gateway.close();
  const { inner } = sandbox;
  return [gateway, inner]
    .flatMap(({ core, store, registries }) => [core, store, registries])
    .map((one) => new WeakRef(one));
}

test('gateways that were closed are let go, with all they held', async () => {
  const closed = await ofClosed();
  const held = (): number => closed.filter((one) => one.deref() !== undefined).length;
  for (let tries = 0; tries < 100 && held() > 0; tries += 1) {
    await realTime(20);
    collect();
  }
  expect(held()).toBe(0);
});
