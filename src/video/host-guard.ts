import { lookup } from 'node:dns/promises';
import { BlockList, connect, createServer, isIP, type AddressInfo, type Socket } from 'node:net';

/** Addresses of this machine and of private networks, among them the one where clouds keep a machine's credentials. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ...[['0.0.0.0', 8] as const, ['10.0.0.0', 8] as const, ['100.64.0.0', 10] as const],
  ...[['127.0.0.0', 8] as const, ['169.254.0.0', 16] as const, ['172.16.0.0', 12] as const],
  ['192.168.0.0', 16] as const,
]) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [['::', 127] as const, ['fc00::', 7] as const, ['fe80::', 10] as const]) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

/** Whether an IP address is one of this machine or of a private network. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return PRIVATE.check(mapped, isIP(mapped) === 6 ? 'ipv6' : 'ipv4');
}

const MAX_HEAD_BYTES = 65_536;
const CONNECT_TIMEOUT_MS = 30_000;

const guards = new Map<string, Promise<string>>();

/** Why the last connection through a proxy failed, by its address. */
const failures = new Map<string, string>();

/**
 * Says why the last connection through a proxy of {@link guardHosts} failed, which ffmpeg cannot know.
 *
 * @returns Undefined if it did not fail.
 */
export function guardFailure(proxy: string | undefined): string | undefined {
  return proxy === undefined ? undefined : failures.get(proxy);
}

/**
 * Starts a proxy on this machine through which ffmpeg reads an HTTP address. It connects to the host of the address and to
 * the allowed hosts only, wherever redirects and playlists lead. It lives as long as the process, and does not keep it alive.
 *
 * @returns The address of the proxy, for the environment variable `http_proxy`.
 */
export function guardHosts(source: string, allowHosts: readonly string[]): Promise<string> {
  const own = hostOf(new URL(source).hostname);
  const hosts = new Set([own, ...allowHosts.map(hostOf)]);
  const key = JSON.stringify([...hosts]);
  let guard = guards.get(key);
  if (!guard) {
    guard = startProxy(hosts, new Set(allowHosts.map(hostOf)));
    guards.set(key, guard);
    guard.catch(() => guards.delete(key)); // the caller handles the error
  }
  return guard;
}

function hostOf(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, '');
}

function startProxy(hosts: ReadonlySet<string>, named: ReadonlySet<string>): Promise<string> {
  const firstIsPrivate = new Map<string, boolean>();
  /** Resolves a host's name. A public name that later leads into a private network is refused. */
  const resolve = async (host: string): Promise<string> => {
    if (!hosts.has(host)) throw new Error('it is another host than that of the address');
    const { address } = await lookup(host);
    const isPrivate = isPrivateAddress(address);
    if (!firstIsPrivate.has(host)) firstIsPrivate.set(host, isPrivate);
    if (isPrivate && !firstIsPrivate.get(host) && !named.has(host)) {
      throw new Error(`it now leads to the private address ${address}`);
    }
    return address;
  };
  const server = createServer((client) => {
    let head = '';
    client.on('error', () => client.destroy());
    client.on('data', function receive(chunk: Buffer) {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length > MAX_HEAD_BYTES) client.destroy();
      if (end < 0) return;
      client.off('data', receive).pause();
      void forward(client, head, resolve, `http://127.0.0.1:${client.localPort}`);
    });
  });
  server.unref();
  return new Promise((done, fail) => {
    server.once('error', fail).listen(0, '127.0.0.1', () => {
      done(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

async function forward(
  client: Socket,
  request: string,
  resolve: (host: string) => Promise<string>,
  proxy: string,
): Promise<void> {
  const [line = '', ...fields] = request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n');
  const rest = request.slice(request.indexOf('\r\n\r\n') + 4);
  const [method = '', target = '', version = 'HTTP/1.1'] = line.split(' ');
  const isTunnel = method === 'CONNECT';
  let host = target;
  try {
    const url = new URL(isTunnel ? `https://${target}` : target);
    host = hostOf(url.hostname);
    if (!/^https?:$/.test(url.protocol)) throw new Error(`${url.protocol} is not HTTP`);
    const port = Number(url.port) || (isTunnel ? 443 : 80);
    const remote = connect({ host: await resolve(host), port, timeout: CONNECT_TIMEOUT_MS });
    remote.on('error', (error: NodeJS.ErrnoException) => {
      if (remote.connecting || remote.bytesRead === 0) failures.set(proxy, explain(error));
    });
    remote.on('close', () => client.destroy());
    client.on('close', () => remote.destroy());
    remote.once('timeout', () => remote.destroy());
    remote.once('connect', () => {
      failures.delete(proxy);
      remote.setTimeout(0);
      if (isTunnel) client.write(`${version} 200 Connection established\r\n\r\n`);
      else {
        // One request a connection, so that every request is checked.
        const kept = fields.filter((field) => !/^(?:proxy-)?connection:/i.test(field));
        const path = `${url.pathname}${url.search}`;
        remote.write(
          `${[`${method} ${path} ${version}`, ...kept, 'Connection: close'].join('\r\n')}\r\n\r\n`,
          'latin1',
        );
      }
      remote.write(rest, 'latin1');
      client.pipe(remote).pipe(client);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === 'getaddrinfo') {
      failures.set(proxy, `the host "${host}" is not known`);
      client.destroy();
      return;
    }
    const message =
      `The host "${host}" is not opened: ${(error as Error).message}. ` +
      `If it may be read, pass --allow-host ${host} (allowHosts in the library).`;
    failures.set(proxy, message);
    process.emitWarning(message, { code: 'FRAMEWISE_HOST_REFUSED' });
    client.end(`${version} 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ECONNREFUSED' ? 'Connection refused' : message;
}
