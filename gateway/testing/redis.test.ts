import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { magicFrom, magicTo, startTollgate } from './index.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());

const sendTo = async (url: string, own: object = {}): Promise<{ decision: string }> => {
  const body = JSON.stringify({ from: magicFrom('registered'), to: magicTo('delivered'), text: 'Hi', ...own });
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return (await answer.json()) as { decision: string };
};

test('a world in Redis delivers, has the same magic numbers each time it is started, and sandboxes that are not in Redis', async () => {
  for (let time = 0; time < 2; time += 1) {
    await using tollgate = await startTollgate({ redis: redis.url });
    await sendTo(tollgate.url);
    await tollgate.messages.waitFor({ handset: 'delivered', campaign: 'CMAGIC0' });
    expect(await sendTo(tollgate.url, { from: magicFrom('over_tpm') })).toMatchObject({ decision: 'att_tpm_exceeded' });
    expect(await sendTo(tollgate.url, { to: magicTo('opted_out') })).toMatchObject({ decision: 'opted_out' });
    await expect(tollgate.reset()).rejects.toThrow('the state lies in Redis');
    await expect(tollgate.clock.freeze()).rejects.toThrow('this gateway runs with Redis');
    await using sandbox = await tollgate.sandbox({ clock: 'frozen' });
    await sendTo(sandbox.url, { text: 'In the sandbox' });
    await sandbox.messages.waitFor({ text: 'In the sandbox', handset: 'delivered' });
    await sandbox.reset();
    await tollgate.messages.expectNone({ text: 'In the sandbox' });
  }
});
