import { expect, test } from 'vitest';
import type { Exchange, ExchangeHandler } from '../../../src/proxy/http/exchange.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';
import { describe200, eventually, ok, RawClient, serve } from './harness.ts';

const header = 'PROXY TCP4 192.0.2.1 192.0.2.2 1111 80\r\n';
const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** Says who talks to whom, and over which connection. */
const whoIsThere: ExchangeHandler = (exchange) => exchange.respond(...ok(addressesOf(exchange)));

function addressesOf({ client, server, session }: Exchange): string {
  const show = ({ address, port }: Exchange['client']) => `${address}:${port}`;
  const { own } = session ?? {};
  const connection = own === undefined ? 'its own' : `${own.client.address} > ${show(own.server)}`;
  return `${show(client)} > ${show(server)} over ${connection}\n`;
}

test('the client is who the proxy in front says it is, for all requests of the connection', async () => {
  const { listener, port } = await serve(whoIsThere, {}, undefined, true);
  const client = await RawClient.connect(port);
  await eventually(() => listener.connections === 1);
  client.send(`${header}${get('/1')}`);
  const told = `192.0.2.1:1111 > 192.0.2.2:80 over 127.0.0.1 > 127.0.0.1:${port}\n`;
  await client.until(told);
  client.received = '';
  client.send(get('/2'));
  await client.until(told);
  expect(listener.connections).toBe(1);
});

test('the header may come in pieces, and the request later', async () => {
  const { port } = await serve(whoIsThere, {}, undefined, true);
  const client = await RawClient.connect(port);
  for (const byte of header) {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.send(get('/'));
  await client.until('192.0.2.1:1111');
});

test('the addresses are those of the connection if the header says so', async () => {
  const { port } = await serve(whoIsThere, {}, undefined, true);
  const client = await RawClient.connect(port);
  client.send(`PROXY UNKNOWN\r\n${get('/')}`);
  const { localPort } = client.socket;
  await client.until(`127.0.0.1:${localPort} > 127.0.0.1:${port} over its own`);
});

test('a body of any size comes whole behind the header', async () => {
  const { port } = await serve(describe200, {}, undefined, true);
  const client = await RawClient.connect(port);
  const body = 'x'.repeat(300_000);
  client.send(`${header}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await client.until((received) => received.endsWith(body));
});

test('whoever begins with something else is cut off without a word, and told of', async () => {
  const { listener, port, errors } = await serve(whoIsThere, {}, undefined, true);
  const client = await RawClient.connect(port);
  client.send(get('/'));
  expect(await client.untilEnd()).toBe('');
  expect(errors).toMatchObject([
    { code: 'client.malformed', message: 'it does not begin with a header of the PROXY protocol' },
  ]);
  await eventually(() => listener.connections === 0);
  expect(listener.refusedRequests).toBe(1);
});

test('a header that does not come in time is not waited for', async () => {
  const clock = new SimulatedClock();
  const { listener, port, errors } = await serve(whoIsThere, {}, clock, true);
  const client = await RawClient.connect(port);
  client.send('PROXY TCP4');
  await eventually(() => listener.connections === 1);
  clock.advance(4_000);
  expect(client.ended).toBeUndefined();
  clock.advance(2_000);
  expect(await client.untilEnd()).toBe('');
  expect(errors).toMatchObject([{ code: 'client.malformed' }]);
  expect(listener.connections).toBe(0);
});

test('whoever goes before the header is forgotten', async () => {
  const { listener, port, errors } = await serve(whoIsThere, {}, undefined, true);
  const client = await RawClient.connect(port);
  await eventually(() => listener.connections === 1);
  client.socket.end('PROXY');
  await client.untilEnd();
  await eventually(() => listener.connections === 0);
  expect(errors).toEqual([]);
});

test('closing does not wait for those that have said nothing', async () => {
  const { listener, port } = await serve(whoIsThere, {}, undefined, true);
  const client = await RawClient.connect(port);
  await eventually(() => listener.connections === 1);
  await listener.close();
  expect(await client.untilEnd()).toBe('');
});

test('those that have said nothing count among the connections', async () => {
  const { listener, port } = await serve(whoIsThere, { connections: 1 }, undefined, true);
  await RawClient.connect(port);
  await eventually(() => listener.connections === 1);
  const second = await RawClient.connect(port);
  expect(await second.untilEnd()).toContain('503 Service Unavailable');
  expect(listener.refusedConnections).toBe(1);
});
