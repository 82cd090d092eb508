/** Which addresses receipts may be posted to: loopback, and the hosts an operator named. */

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * A function that says why an address may not be called, or undefined if it may.
 * @param allowedHosts host names without port, as they stand in the address
 */
export function callbackGuard(allowedHosts: readonly string[]): (url: string) => string | undefined {
  const hosts = new Set([...LOOPBACK_HOSTS, ...allowedHosts.map((host) => host.toLowerCase())]);
  return (url) => {
    if (!URL.canParse(url)) return 'is not an address';
    const { protocol, hostname, username, password } = new URL(url);
    if (protocol !== 'http:' && protocol !== 'https:') return 'must begin with http:// or https://';
    if (username !== '' || password !== '') return 'must not carry credentials';
    if (!hosts.has(hostname)) {
      return `names the host ${hostname}, which is not allowed; the operator can allow it with --callback-host ${hostname}`;
    }
    return undefined;
  };
}
