import { expect, test } from 'vitest';
import { parseRequestTarget } from '../../../src/proxy/request/request-target.ts';

test.each([
  ['GET', '/a?b=c', '/a?b=c', undefined],
  ['GET', '//double', '//double', undefined],
  ['GET', 'http://example.com/a?b', '/a?b', 'example.com'],
  ['GET', 'HTTPS://example.com:8443', '/', 'example.com:8443'],
  ['GET', 'http://example.com?q=/x', '/?q=/x', 'example.com'],
  ['GET', 'http://[::1]:80/', '/', '[::1]:80'],
  ['OPTIONS', 'http://example.com', '*', 'example.com'],
  ['OPTIONS', 'http://example.com/', '/', 'example.com'],
  ['OPTIONS', '*', '*', undefined],
  ['CONNECT', 'example.com:443', 'example.com:443', 'example.com:443'],
])('%s %s asks for %s at %s', (method, target, url, host) => {
  expect(parseRequestTarget(method, target)).toEqual({ url, host });
});

test.each([
  ['GET', '*'],
  ['GET', 'ftp://example.com/'],
  ['GET', 'example.com/a'],
  ['GET', 'http://user@example.com/'],
  ['GET', 'http:///a'],
  ['GET', ''],
])('%s %s is nothing that a gateway can serve', (method, target) => {
  expect(parseRequestTarget(method, target)).toBeUndefined();
});
