/** The parser comes by a deep import that undici does not promise: any change of it must be noticed here. */
import { createRequire } from 'node:module';
import constants from 'undici/lib/llhttp/constants.js';
import { expect, test } from 'vitest';
import {
  INVALID_VERSION,
  MessageParser,
  MORE,
  PAUSED,
  STOP,
  windowBytes,
} from '../../../src/proxy/http1/llhttp.ts';

const require = createRequire(import.meta.url);

declare const WebAssembly: {
  readonly Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): { readonly name: string }[];
    exports(module: object): { readonly name: string }[];
  };
};

function events(): { seen: string[] } & Parameters<MessageParser['run']>[3] {
  const seen: string[] = [];
  const note = (what: string) => (start: number, end: number) => {
    seen.push(`${what} ${start}-${end}`);
    return 0;
  };
  return {
    seen,
    onTarget: note('target'),
    onFieldName: note('name'),
    onBody: note('body'),
  };
}

test('undici is pinned to the version whose parser was looked at', () => {
  const ours = require('../../../package.json') as { dependencies: Record<string, string> };
  const theirs = require('undici/package.json') as { version: string };
  expect(ours.dependencies['undici']).toBe('7.30.2');
  expect(theirs.version).toBe('7.30.2');
});

test.each(['undici/lib/llhttp/llhttp_simd-wasm.js', 'undici/lib/llhttp/llhttp-wasm.js'])(
  '%s calls back and can be called as expected',
  (path) => {
    const module = new WebAssembly.Module(require(path) as Uint8Array);
    const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
    expect(imports.sort()).toEqual([
      'wasm_on_body',
      'wasm_on_header_field',
      'wasm_on_header_value',
      'wasm_on_headers_complete',
      'wasm_on_message_begin',
      'wasm_on_message_complete',
      'wasm_on_status',
      'wasm_on_url',
    ]);
    const exports = WebAssembly.Module.exports(module).map(({ name }) => name);
    for (const name of ['alloc', 'free', 'reset', 'resume', 'execute', 'get_error_pos', 'get_error_reason']) {
      expect(exports).toContain(`llhttp_${name}`);
    }
    expect(exports).toEqual(expect.arrayContaining(['_initialize', 'malloc', 'memory']));
  },
);

test('the codes mean what they did', () => {
  expect(constants.TYPE['REQUEST']).toBe(1);
  expect({ MORE, PAUSED, STOP, INVALID_VERSION }).toEqual({
    MORE: 0,
    PAUSED: 21,
    STOP: 24,
    INVALID_VERSION: 9,
  });
});

test('a parser pauses right behind the head and right behind the body', () => {
  const parser = new MessageParser('request');
  const { seen, ...handler } = events();
  const head = '/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
  const bytes = Buffer.from(`${head}5\r\nhello\r\n0\r\n\r\nGET /`);
  parser.beginRequest(false);
  expect(parser.run(bytes, 0, bytes.length, handler)).toBe(PAUSED);
  expect(parser.consumed).toBe(head.length);
  parser.resume();
  expect(parser.run(bytes, head.length, bytes.length, handler)).toBe(PAUSED);
  expect(head.length + parser.consumed).toBe(bytes.length - 'GET /'.length);
  expect(seen).toEqual(['target 0-1', 'name 12-29', 'body 3-8']);
  parser.free();
});

test('nothing lenient is on', () => {
  const parser = new MessageParser('request');
  const { seen: _, ...handler } = events();
  for (const rest of [
    'X: a\n\r\n',
    'X: a\r\n b\r\n\r\n',
    'X : a\r\n\r\n',
    'X: a\rb\r\n\r\n',
    'X: \0\r\n\r\n',
  ]) {
    parser.beginRequest(false);
    const bytes = Buffer.from(`/ HTTP/1.1\r\n${rest}`);
    expect([MORE, PAUSED]).not.toContain(parser.run(bytes, 0, bytes.length, handler));
    expect(parser.errorReason()).toMatch(/^[A-Z][a-zA-Z ]+$/);
  }
  parser.free();
});

test('thousands of parsers work side by side while their memory grows', () => {
  const { seen: _, ...handler } = events();
  const parsers = Array.from({ length: 50_000 }, () => new MessageParser('request'));
  const bytes = Buffer.from('/ HTTP/1.1\r\nHost: a\r\n\r\n');
  for (const parser of parsers) {
    parser.beginRequest(false);
    parser.run(bytes, 0, 5, handler);
  }
  for (const parser of parsers) expect(parser.run(bytes, 5, bytes.length, handler)).toBe(PAUSED);
  for (const parser of parsers) parser.free();
});

test('input beyond a window is the caller’s to divide', () => {
  expect(windowBytes).toBe(4096);
});
