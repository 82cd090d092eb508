import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';
import { openVendorProxy, type VendorProxy } from './vendor-proxy.ts';

let folder: string;
let certificate: string;
let gateway: GatewayUnderTest;
let proxy: VendorProxy;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-proxy-'));
  const [cert, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const names = 'subjectAltName=DNS:api.twilio.com,DNS:api.telnyx.com';
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=Tollgate', '-addext', names].concat([
      '-keyout',
      key,
      '-out',
      cert,
    ]),
    { stdio: 'ignore' },
  );
  certificate = readFileSync(cert, 'utf8');
  gateway = await openGatewayUnderTest();
  proxy = await openVendorProxy({
    host: '127.0.0.1',
    port: 0,
    gateway: new URL(gateway.url),
    certificate,
    key: readFileSync(key, 'utf8'),
  });
});
afterAll(async () => {
  await proxy.close();
  await gateway.close();
  rmSync(folder, { recursive: true });
});

/** The status of the answer to CONNECT, and the tunnel. */
function tunnel(to: string): Promise<{ readonly status: number | undefined; readonly socket: Socket }> {
  const { hostname, port } = new URL(proxy.url);
  return new Promise((resolve, reject) => {
    const asking = request({ hostname, port, method: 'CONNECT', path: to });
    asking.once('connect', (response, socket: Socket) => resolve({ status: response.statusCode, socket }));
    asking.once('error', reject);
    asking.end();
  });
}

/** What comes out of a tunnel when this was written into it. */
async function say(to: string, text: string): Promise<string> {
  const { socket } = await tunnel(to);
  const inside = connect({ socket, ca: certificate, servername: to.split(':')[0] ?? '' });
  inside.end(text);
  const chunks: Buffer[] = [];
  for await (const chunk of inside) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test("a call to a provider's own host ends at the gateway", async () => {
  const sid = `AC${'0'.repeat(32)}`;
  const authorization = `Basic ${Buffer.from(`${sid}:token`).toString('base64')}`;
  const lines = [
    `GET /2010-04-01/Accounts/${sid}/Messages.json HTTP/1.1`,
    'host: api.twilio.com',
    `authorization: ${authorization}`,
    'connection: close',
  ];
  const answer = await say('api.twilio.com:443', `${lines.join('\r\n')}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(answer).toContain('"messages":[]');
});

test('a host of nobody we know is refused, and so is another port', async () => {
  for (const to of ['example.com:443', 'api.twilio.com:80']) expect((await tunnel(to)).status).toBe(403);
});

test('a request that is no CONNECT is told so', async () => {
  expect((await fetch(proxy.url)).status).toBe(405);
});
