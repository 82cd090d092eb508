/**
 * A proxy that brings HTTPS for the hosts of providers to a gateway, so that a program which calls them needs no change at all: it is
 * told of the proxy (`HTTPS_PROXY`, `HTTP_PROXY`) and of the certificate to trust (`NODE_EXTRA_CA_CERTS`) by its environment alone.
 *
 * It speaks CONNECT and nothing else. The tunnel of a provider's host ends here, in TLS by our own certificate, and what comes out of it is
 * handed to the gateway byte by byte; the Host header then tells the gateway whose API is meant. Other hosts are refused: nothing that
 * was to be simulated ever leaves the machine.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { VENDOR_PROXY_CONNECTIONS_MAX } from '../../limits.ts';
import { VENDOR_HOSTS } from './vendor-hosts.ts';

export interface VendorProxyOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** The gateway, such as `http://127.0.0.1:8080`. */
  readonly gateway: URL;
  /** PEM, valid for all of VENDOR_HOSTS. */
  readonly certificate: string;
  readonly key: string;
}

export interface VendorProxy {
  readonly url: string;
  close(): Promise<void>;
}

const HTTPS_PORT = '443';
const CONNECTED = 'HTTP/1.1 200 Connection Established\r\n\r\n';

/** Rejects if it cannot listen, or with what is wrong with the certificate. */
export async function openVendorProxy({ host, port, gateway, ...pem }: VendorProxyOptions): Promise<VendorProxy> {
  const secureContext = createSecureContext({ cert: pem.certificate, key: pem.key });
  const sockets = new Set<Duplex>();
  const track = (socket: Duplex): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // The other side has gone: so does this one.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((_request, response) => {
    response.writeHead(405, { 'content-type': 'text/plain' });
    response.end('This proxy takes CONNECT to the hosts of providers, and nothing else.\n');
  });
  server.maxConnections = VENDOR_PROXY_CONNECTIONS_MAX;
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    track(socket);
    const [name = '', toPort = HTTPS_PORT] = (request.url ?? '').toLowerCase().split(':');
    if (!VENDOR_HOSTS.includes(name) || toPort !== HTTPS_PORT) {
      socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\n\r\n${name} is no host of a provider\n`);
      return;
    }
    socket.write(CONNECTED);
    if (head.length > 0) socket.unshift(head);
    const inside = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    // An address of version 6 stands in brackets there.
    const onward = connect({ host: gateway.hostname.replace(/^\[|\]$/g, ''), port: Number(gateway.port || '80') });
    for (const one of [inside, onward]) track(one);
    inside.pipe(onward).pipe(inside);
    inside.once('close', () => onward.destroy());
    onward.once('close', () => inside.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
