/** Who a request comes from, where a proxy in front says it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createProxy, type TroupeProxy } from '../../src/create-proxy.ts';
import { ConfigFolder } from '../config/config-folder.ts';

const folder = new ConfigFolder();
let proxy: TroupeProxy | undefined;

afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
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
