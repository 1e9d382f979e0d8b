/** vmod_peer, queue_req: what goes into the request that is repeated. */
import { expect, test } from 'vitest';
import { Fields } from '../../../src/proxy/http/fields.ts';
import { destinationOf, snapshotOf } from '../../../src/proxy/peer/request-snapshot.ts';

const request = (changes: { method?: string; url?: string; proto?: string; fields?: string[] } = {}) => ({
  method: changes.method ?? 'GET',
  url: changes.url ?? '/',
  proto: changes.proto ?? 'HTTP/1.1',
  http: new Fields(changes.fields ?? ['Host', 'example.com']),
});

test('takes method, URL, protocol and all fields, in their order and spelling', () => {
  const fields = [
    'Host',
    'example.com',
    'X-A',
    'ä'.normalize(),
    'cookie',
    'a=1',
    'Cookie',
    'b=2',
    'Upgrade',
    'x',
  ];
  const { head, host } = snapshotOf(request({ method: 'PURGE', url: '/a?b=c', fields }));
  expect(head).toBe(
    'PURGE /a?b=c HTTP/1.1\r\nHost: example.com\r\nX-A: ä\r\ncookie: a=1\r\nCookie: b=2\r\nUpgrade: x\r\nConnection: close\r\n',
  );
  expect(host).toBe('example.com');
});

test('is HTTP/1.0 where the request is', () => {
  expect(snapshotOf(request({ proto: 'HTTP/1.0' })).head).toMatch(/^GET \/ HTTP\/1\.0\r\n/);
});

test("leaves Connection out, whatever it says, and the client's arrangements about its body", () => {
  const gone = [
    'Connection',
    'keep-alive',
    'connection',
    'X-A',
    'Content-Length',
    '3',
    'EXPECT',
    '100-continue',
  ];
  const fields = ['Host', 'h', ...gone, 'Transfer-Encoding', 'chunked', 'Content-Type', 'text/plain'];
  expect(snapshotOf(request({ method: 'POST', fields })).head).toBe(
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nConnection: close\r\n',
  );
});

test('changes of the request afterwards are not seen', () => {
  const changed = request();
  const { head } = snapshotOf(changed);
  changed.http.set('X-Late', 'yes');
  changed.method = 'PUT';
  expect(head).toBe('GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n');
});

test('a request that a hook has broken is refused with what is wrong', () => {
  const smuggled = request({ fields: ['X-A', 'b\r\nX-C: d'] });
  expect(() => snapshotOf(smuggled)).toThrow(/the field X-A is set to .*line breaks/);
  expect(() => snapshotOf(request({ url: '/a b' }))).toThrow(/the URL is set to/);
  expect(() => snapshotOf(request({ method: 'GET /' }))).toThrow(/the method is set to/);
  expect(() => snapshotOf(request({ method: 'CONNECT', url: 'h:1' }))).toThrow(/CONNECT asks for a tunnel/);
});

test('what is no request is refused with what it must be', () => {
  const noFields = { method: 'GET', url: '/', proto: 'HTTP/1.1', http: {} };
  for (const given of [{}, noFields]) {
    expect(() => snapshotOf(given as never)).toThrow('must be a request: req, or bereq');
  }
});

test('a Host field leads to a host and a port, 80 without one', () => {
  expect(destinationOf('example.com')).toEqual({ host: 'example.com', port: 80 });
  expect(destinationOf('10.9.1.111:8888')).toEqual({ host: '10.9.1.111', port: 8888 });
  expect(destinationOf('[::1]:81')).toEqual({ host: '::1', port: 81 });
  for (const wrong of ['', 'a b', 'a:0', 'a:65536', 'a/b', 'u@h', '[::1', '::1']) {
    expect(destinationOf(wrong), wrong).toBeUndefined();
  }
});
