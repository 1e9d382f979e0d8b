/** Who a request comes from, where a proxy in front says it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createProxy } from '../../src/create-proxy.ts';
import type { TroupeProxy } from '../../src/troupe-proxy.ts';
import { ConfigFolder } from '../config/config-folder.ts';

const folder = new ConfigFolder();
let proxy: TroupeProxy | undefined;
/** Behind it. */
let inner: TroupeProxy | undefined;

afterEach(async () => {
  await proxy?.close();
  await inner?.close();
  proxy = undefined;
  inner = undefined;
});

const program = `vcl 4.1;
import std;
backend b none;
acl office { "192.0.2.0"/24; }
sub vcl_recv { return (synth(200)); }
sub vcl_synth {
  set resp.http.Client = client.ip + " " + std.port(client.ip);
  set resp.http.Server = server.ip + " " + std.port(server.ip);
  set resp.http.Remote = remote.ip;
  set resp.http.Local = local.ip + ":" + std.port(local.ip);
  set resp.http.Endpoint = local.endpoint;
  set resp.http.Office = client.ip ~ office;
  set resp.http.Forwarded-For = req.http.X-Forwarded-For;
  return (deliver);
}
`;

/** The fields of the answer to a request behind a header of the PROXY protocol. */
async function ask(port: number, header: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  socket.write(`${header}GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`, 'latin1');
  await once(socket, 'close');
  return received;
}

test('client.ip and server.ip are what the proxy says, remote.ip and local.ip the connection', async () => {
  proxy = createProxy(folder.write('who.vcl', program));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0, proxyProtocol: true });
  const told = await ask(port, 'PROXY TCP4 192.0.2.1 198.51.100.2 1111 443\r\n');
  expect(told).toContain('Client: 192.0.2.1 1111\r\nServer: 198.51.100.2 443\r\n');
  expect(told).toContain(`Remote: 127.0.0.1\r\nLocal: 127.0.0.1:${port}\r\nEndpoint: 127.0.0.1:${port}\r\n`);
  expect(told).toContain('Office: true\r\nForwarded-For: 192.0.2.1\r\n');
  const own = await ask(port, 'PROXY UNKNOWN\r\n');
  expect(own).toContain(`Server: 127.0.0.1 ${port}\r\nRemote: 127.0.0.1\r\n`);
  expect(own).toContain('Office: false\r\nForwarded-For: 127.0.0.1\r\n');
});

const innerProgram = `vcl 4.1;
import std;
backend b none;
sub vcl_recv {
  if (req.url == "/health" && (client.ip != remote.ip || server.ip != local.ip)) { return (synth(400)); }
  return (synth(200));
}
sub vcl_synth {
  set resp.http.Client = client.ip + ":" + std.port(client.ip) + " to " + std.port(server.ip);
  set resp.http.Connection-Xid = sess.xid;
  return (deliver);
}
`;

/** A request from a connection of its own. */
async function fetchFrom(port: number, url: string): Promise<{ client: string; told: string }> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  const client = `127.0.0.1:${socket.localPort} to ${port}`;
  let told = '';
  socket.setEncoding('latin1').on('data', (text) => {
    told += text;
  });
  socket.write(`GET ${url} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`, 'latin1');
  await once(socket, 'close');
  return { client, told };
}

test.each([1, 2])(
  '.proxy_header = %i tells a backend who asks, and probes come as requests do',
  async (v) => {
    inner = createProxy(folder.write('inner.vcl', innerProgram));
    const { port: behind } = await inner.listen({ host: '127.0.0.1', port: 0, proxyProtocol: true });
    proxy = createProxy(
      folder.write(
        'front.vcl',
        `vcl 4.1;
backend b {
  .host = "127.0.0.1"; .port = "${behind}"; .proxy_header = ${v};
  .probe = { .url = "/health"; .threshold = 1; .window = 1; }
}
sub vcl_recv { if (req.url == "/piped") { return (pipe); } return (pass); }
`,
      ),
    );
    const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
    const connections = new Set<string | undefined>();
    for (const url of ['/1', '/2', '/piped']) {
      const { client, told } = await fetchFrom(port, url);
      expect(told).toContain(`HTTP/1.1 200 OK\r\n`);
      expect(told).toContain(`Client: ${client}\r\n`);
      connections.add(/Connection-Xid: (\d+)/.exec(told)?.[1]);
    }
    expect(connections.size).toBe(3);
  },
);
