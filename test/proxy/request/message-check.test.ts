import { expect, test } from 'vitest';
import { Fields } from '../../../src/proxy/http/fields.ts';
import {
  illegalFields,
  illegalRequestLine,
  illegalStatusLine,
} from '../../../src/proxy/request/message-check.ts';

test.each([
  [['X', 'a\r\nSet-Cookie: b'], /^the field X is set to "a\\r\\nSet-Cookie: b": line breaks/],
  [['X', 'a\0'], /^the field X is set to/],
  [['X', '\u010d'], /beyond latin1/],
  [['X Y', 'a'], /^a field is named "X Y"/],
  [['', 'a'], /^a field is named ""/],
  [['a', 'fine', 'X:', 'a'], /^a field is named "X:"/],
])('fields %j cannot be sent', (raw, sentence) => {
  expect(illegalFields(new Fields(raw))).toMatch(sentence);
});

test('values that are no strings are named', () => {
  const fields = new Fields();
  fields.set('X-Count', 5 as unknown as string);
  expect(illegalFields(fields)).toBe('the field X-Count is set to 5, which is no string');
});

test('whatever a parser lets through can be sent', () => {
  expect(illegalFields(new Fields(['a!#$', '\t obs-text \u00e9\u00ff ~', 'b', '']))).toBeUndefined();
});

test.each([
  ['GET', '/a b'],
  ['GET', '/a\r\nHost: x'],
  ['GET', '/\u20ac'],
  ['GET', ''],
  ['GET', 'relative'],
  ['GET', '*'],
  ['G T', '/'],
  [7, '/'],
  ['GET', undefined],
])('request line %j %j cannot be sent', (method, url) => {
  expect(illegalRequestLine(method, url)).toMatch(/is set to/);
});

test.each([
  ['GET', '/a?b'],
  ['OPTIONS', '*'],
  ['CONNECT', 'example.com:443'],
])('request line %s %s can be sent', (method, url) => {
  expect(illegalRequestLine(method, url)).toBeUndefined();
});

test('a final status is from 200 to 999, and a reason one line', () => {
  expect(illegalStatusLine(101, '')).toMatch(/^the status is set to 101/);
  expect(illegalStatusLine(1000, '')).toMatch(/1000/);
  expect(illegalStatusLine('200', '')).toMatch(/"200"/);
  expect(illegalStatusLine(200, 'a\nb')).toMatch(/^the reason/);
  expect(illegalStatusLine(799, '')).toBeUndefined();
});
