/** `tollgate proxy`: lets programs that call the real hosts of providers reach a gateway, with no change but their environment. */
import { Command } from 'commander';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openVendorProxy, VENDOR_HOSTS } from '../ingress/providers/index.ts';
import { fail, URL_DEFAULT, wrongAddress } from './ask-gateway.ts';
import { untilSignal } from './running-service.ts';

interface ProxyOptions {
  readonly url: string;
  readonly host: string;
  readonly port: string;
  readonly certificates: string;
}

const EXIT_FAILED = 1;
const CERTIFICATE = 'certificate.pem';
const KEY = 'key.pem';
const DAYS = '90';

export function proxyCommand(): Command {
  return new Command('proxy')
    .description("bring HTTPS for providers' own hosts (api.twilio.com, ...) to a gateway")
    .option('--url <url>', 'address of the gateway', URL_DEFAULT)
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'where to listen, 0 for a free port', '8443')
    .option(
      '--certificates <folder>',
      `where ${CERTIFICATE} and ${KEY} are, made by openssl if they are not`,
      '.tollgate',
    )
    .allowExcessArguments(false)
    .addHelpText('after', `\nHosts: ${VENDOR_HOSTS.join(', ')}`)
    .action(run);
}

async function run({ url, host, port, certificates }: ProxyOptions): Promise<void> {
  const certificate = join(certificates, CERTIFICATE);
  const key = join(certificates, KEY);
  try {
    const wrong = wrongAddress(url) ?? beyondProxy(new URL(url));
    if (wrong !== undefined) {
      fail(wrong);
      return;
    }
    if (!existsSync(certificate)) await makeCertificate(certificates, certificate, key);
    const proxy = await openVendorProxy({
      host,
      port: Number(port),
      gateway: new URL(url),
      certificate: readFileSync(certificate, 'utf8'),
      key: readFileSync(key, 'utf8'),
    });
    process.stdout.write(
      [
        `tollgate proxy on ${proxy.url}, to ${url}`,
        `  export HTTP_PROXY=${proxy.url} HTTPS_PROXY=${proxy.url}`,
        `  export NODE_EXTRA_CA_CERTS=${certificate}`,
        '',
      ].join('\n'),
    );
    untilSignal(() => proxy.close());
  } catch (error) {
    process.stderr.write(`tollgate: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

/** Why the proxy cannot bring anything to such a gateway: it hands on bytes, sees no path to put another before, and begins no TLS. */
function beyondProxy({ protocol, pathname, host, origin }: URL): string | undefined {
  if (protocol !== 'http:') return `--url: the proxy speaks to the gateway without TLS; give http://${host}`;
  if (pathname === '/') return undefined;
  return `--url: the proxy cannot go to a path; give ${origin}, where a sandbox is found by its credentials`;
}

/** One certificate for all hosts, which is its own authority: trusting it trusts nothing else. */
async function makeCertificate(folder: string, certificate: string, key: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = VENDOR_HOSTS.map((host) => `DNS:${host}`).join(',');
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', DAYS, '-keyout', key, '-out', certificate];
  const how = ['-subj', '/CN=Tollgate', '-addext', `subjectAltName=${names}`];
  try {
    await promisify(execFile)('openssl', [...made, ...how]);
  } catch (error) {
    const { code, stderr } = error as { readonly code?: string; readonly stderr?: string };
    const why = code === 'ENOENT' ? 'there is no openssl' : `openssl says: ${stderr ?? String(error)}`;
    throw new Error(`no certificate could be made, ${why}; put ${CERTIFICATE} and ${KEY} for ${names} into ${folder}`, {
      cause: error,
    });
  }
}
