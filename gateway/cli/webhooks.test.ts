import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { callCommand, type Ended } from './command-under-test.ts';
import { webhooksCommand } from './webhooks.ts';

// `tollgate webhooks`, run within this process against a gateway whose receiver is gone at first.

let gateway: GatewayUnderTest;
let status = 410;
const receiver = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(status).end());
});
beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  gateway = await openGatewayUnderTest();
});
afterAll(async () => {
  await gateway.close();
  receiver.closeAllConnections();
  receiver.close();
});

const host = (): string => `127.0.0.1:${(receiver.address() as AddressInfo).port}`;

function tollgate(name: string, ...words: string[]): Promise<Ended> {
  return callCommand(webhooksCommand(), [name, '--url', gateway.url, ...words]);
}

test('what was given up is listed, and sent again when asked', async () => {
  expect(await tollgate('list')).toMatchObject({ code: 0, stdout: 'nothing was given up\n' });
  const { body } = await gateway.send({ callbackUrl: `http://${host()}/hook?token=secret` });
  gateway.time.advance(20_000);
  const listed = async (): Promise<string> => (await tollgate('list')).stdout;
  await expect.poll(listed).toContain(`evt_${body.id}_0  gone 410 after 1 attempt  http://${host()}/hook\n`);
  expect(JSON.parse((await tollgate('list', '--json')).stdout)).toMatchObject({ deadLetters: [{ subject: body.id }] });
  status = 204;
  expect(await tollgate('replay', '--host', 'elsewhere')).toMatchObject({ code: 0, stdout: '0 are sent again\n' });
  expect(await tollgate('replay', `evt_${body.id}_0`)).toMatchObject({ code: 0, stdout: '1 are sent again\n' });
  await expect.poll(listed).toBe('nothing was given up\n');
});

test.each([
  [['replay'], 'give ids, --host or --all'],
  [['replay', 'evt_M1_0', '--all'], 'give ids, --host or --all'],
  [['list', '--limit', '0'], 'limit'],
  [['list', '--colour'], "unknown option '--colour'"],
  [['list', '--url', 'http://127.0.0.1:1'], 'no gateway answers at http://127.0.0.1:1'],
])('%j is refused', async ([name = '', ...words], expected) => {
  const refused = await tollgate(name, ...words);
  expect([refused.code, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toContain(expected);
});
