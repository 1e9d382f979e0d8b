import { expect, test } from 'vitest';
import type { PeerOrder } from '../../../src/proxy/peer/order.ts';
import { followRedirect } from '../../../src/proxy/peer/redirect.ts';

const order: PeerOrder = {
  operation: 1,
  host: '10.0.0.1',
  port: 8080,
  head: 'PURGE /a/b?c HTTP/1.1\r\nHost: example.com\r\nAuthorization: secret\r\nCookie: a\r\nContent-Type: text/plain\r\nX-A: b\r\nConnection: close\r\n',
  body: 'content',
  timeoutMs: 1,
  connectTimeoutMs: 1,
};

test('on the same host and port the fields stay; the method always does', () => {
  expect(followRedirect(order, 307, '../d?e#f')).toEqual({
    ...order,
    head: order.head.replace('/a/b?c', '/d?e'),
  });
});

test('elsewhere, Host is that of the new place, and nothing secret goes along', () => {
  expect(followRedirect(order, 308, 'http://other.example:81/x')).toEqual({
    ...order,
    host: 'other.example',
    port: 81,
    head: 'PURGE /x HTTP/1.1\r\nHost: other.example:81\r\nContent-Type: text/plain\r\nX-A: b\r\nConnection: close\r\n',
  });
  expect(followRedirect(order, 307, 'http://[::1]/')).toMatchObject({ host: '::1', port: 80 });
});

test.each([301, 302, 303])('the body stays behind after %d', (status) => {
  const next = followRedirect(order, status, '/x') as PeerOrder;
  expect(next.body).toBeUndefined();
  expect(next.head).not.toMatch(/content-type/i);
  expect(next.head).toMatch(/^PURGE \/x /);
});

test('only http: is followed', () => {
  expect(followRedirect(order, 302, 'https://example.com/')).toBe(
    'it redirects to https:, and only http: is followed',
  );
  expect(followRedirect(order, 302, 'file:///etc/passwd')).toMatch(/only http: is followed/);
  expect(followRedirect(order, 302, 'http://')).toMatch(/which is no URL/);
});
