/**
 * Which addresses may be posted to: loopback, and the hosts an operator named; and of these none that leads to where nobody outside
 * may reach.
 *
 * A name is checked when somebody gives it and again when it is posted to. What it resolves to is checked once for each connection,
 * and the connection goes to the very addresses that were checked: a name that answers otherwise the second time (DNS rebinding)
 * changes nothing. URLs are read as WHATWG has it, which writes decimal, octal and hexadecimal spellings of an address as one.
 *
 * A name with a dot leads to a private address, loopback included, only where the operator named that too: what listens there may be
 * meant for this machine or network alone.
 */
import { lookup as lookupName } from 'node:dns/promises';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Never called, whatever an operator allows. IPv4 inside IPv6 is unpacked by BlockList when mapped, and refused when translated. */
const NEVER = blockList([
  '0.0.0.0/8', // unspecified: this machine
  '169.254.0.0/16', // link-local, and with it the metadata service of most clouds
  '100.100.100.200/32', // metadata, Alibaba
  '168.63.129.16/32', // metadata and agents, Azure
  '192.0.0.0/24', // metadata, Oracle, and other special uses
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  '::/96', // unspecified, IPv4-compatible
  '::ffff:0:0:0/96', // SIIT
  '64:ff9b::/96', // NAT64
  '64:ff9b:1::/48',
  '2001::/32', // Teredo
  '2002::/16', // 6to4
  'fe80::/10', // link-local
  'fec0::/10', // site-local
  'fd00:ec2::/32', // metadata, AWS
  'fd20:ce::/32', // metadata, Google
  'ff00::/8', // multicast
]);

const LOOPBACK_V6 = blockList(['::1/128']);

/** Not of the public internet. */
const PRIVATE = blockList([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '::1/128',
  'fc00::/7',
]);

export interface Resolved {
  readonly address: string;
  readonly family: number;
}

export type Resolver = (hostname: string) => Promise<readonly Resolved[]>;

export interface WebhookGuard {
  /** Why an address may not be called, or undefined if it may. */
  readonly refusal: (url: string) => string | undefined;
  /** For `net.connect`: resolves a name once and gives what was checked, or fails with AddressRefused. */
  readonly lookup: LookupFunction;
}

/** A name leads to an address that may not be called. */
export class AddressRefused extends Error {
  constructor(hostname: string, address: string) {
    super(`${hostname} resolves to ${address}, which may not be called`);
    this.name = 'AddressRefused';
  }
}

/** @param allowedHosts host names without port, as they stand in the address */
export function webhookGuard(
  allowedHosts: readonly string[],
  resolve: Resolver = (hostname) => lookupName(hostname, { all: true }),
): WebhookGuard {
  const named = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const hosts = new Set([...LOOPBACK_HOSTS, ...named]);

  function isReachable(hostname: string, address: string): boolean {
    if (isNever(address)) return false;
    const isNamed = named.has(isIPv6(address) ? `[${address}]` : address);
    // A single label is answered by this machine or its network, never by a public name server.
    return isNamed || !PRIVATE.check(address, familyOf(address)) || !hostname.includes('.');
  }

  async function resolved(hostname: string): Promise<readonly Resolved[]> {
    const found = await resolve(hostname);
    const refused = found.find(({ address }) => !isReachable(hostname, address));
    if (refused !== undefined) throw new AddressRefused(hostname, refused.address);
    return found;
  }

  return {
    refusal(url) {
      if (!URL.canParse(url)) return 'is not an address';
      const { protocol, hostname, port, username, password } = new URL(url);
      if (protocol !== 'http:' && protocol !== 'https:') return 'must begin with http:// or https://';
      if (username !== '' || password !== '') return 'must not carry credentials';
      if (port === '0') return 'names port 0, on which nobody can listen; give the port of the receiver';
      const address = hostname.replace(/^\[|\]$/g, '');
      if (isIP(address) !== 0 && isNever(address))
        return `names the host ${hostname}, which is never called; give another`;
      if (!hosts.has(hostname)) {
        return `names the host ${hostname}, which is not allowed; the operator can allow it with --callback-host ${hostname}`;
      }
      return undefined;
    },
    lookup(hostname, options, answer) {
      resolved(hostname).then(
        (found) => {
          const { all, family } = options;
          const fit = found.filter((one) => family === undefined || family === 0 || one.family === Number(family));
          const [first] = fit;
          if (first === undefined) answer(new Error(`${hostname} has no address`), '');
          else if (all === true) answer(null, [...fit]);
          else answer(null, first.address, first.family);
        },
        (error: Error) => answer(error, ''),
      );
    },
  };
}

/** `::1` lies among the IPv4-compatible addresses and is none. */
function isNever(address: string): boolean {
  return NEVER.check(address, familyOf(address)) && !(isIPv6(address) && LOOPBACK_V6.check(address, 'ipv6'));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', prefix] = subnet.split('/');
    list.addSubnet(net, Number(prefix), familyOf(net));
  }
  return list;
}
