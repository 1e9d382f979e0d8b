import { expect, test } from 'vitest';
import { Fields } from '../../../src/proxy/http/fields.ts';
import { appendForwardedFor, appendVia } from '../../../src/proxy/request/forwarded.ts';

test('the client is the last in X-Forwarded-For, which becomes one field', () => {
  const fields = new Fields(['x-forwarded-for', 'a', 'Host', 'h', 'X-Forwarded-For', 'b, c']);
  appendForwardedFor(fields, '198.51.100.7');
  expect(fields.raw).toEqual(['Host', 'h', 'X-Forwarded-For', 'a, b, c, 198.51.100.7']);
});

test('X-Forwarded-For is added where there was none', () => {
  const fields = new Fields();
  appendForwardedFor(fields, '2001:db8::1');
  expect(fields.raw).toEqual(['X-Forwarded-For', '2001:db8::1']);
});

test('of a client at a unix socket there is nothing to say', () => {
  const fields = new Fields();
  appendForwardedFor(fields, '');
  expect(fields.raw).toEqual([]);
});

test('Via says in which version a message was received', () => {
  const fields = new Fields(['Via', '1.1 other']);
  appendVia(fields, '1.0');
  appendVia(fields, '1.1');
  expect(fields.getAll('via')).toEqual(['1.1 other', '1.0 troupe', '1.1 troupe']);
});
