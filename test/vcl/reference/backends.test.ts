/** What phk typed for backends in "What do you mean by 'backend'?", asked of a proxy that has several of one name. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProxy } from '../../../src/create-proxy.ts';
import type { TroupeProxy } from '../../../src/troupe-proxy.ts';
import { ConfigFolder } from '../../config/config-folder.ts';
import { ask } from '../../support/dashboard-client.ts';
import { passages } from './reference-documents.ts';

let folder: ConfigFolder;
let proxy: TroupeProxy;
let port: number;

/** Each is the b1 of a config of its own. */
const places = ['127.0.0.1:8080', '127.0.0.1:8081', '[::1]:8080', '192.168.60.1:80', '192.168.60.2:8080'];

beforeEach(async () => {
  folder = new ConfigFolder();
  proxy = createProxy();
  for (const [index, place] of places.entries()) {
    const [, host = '', number = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(place) ?? [];
    const program = `vcl 4.1; backend b1 { .host = "${host}"; .port = "${number}"; }`;
    await proxy.load(`config${index}`, folder.write(`config${index}.vcl`, program));
  }
  port = (await proxy.dashboard({ host: '127.0.0.1', port: 0 })).address.port;
});

afterEach(async () => {
  await proxy.close();
  folder.remove();
});

/** The places of the backends that a pattern means, or the code of an error. */
async function found(pattern: string): Promise<readonly string[] | string> {
  const { status, json } = await ask(port, `/api/v1/backends?backend=${encodeURIComponent(pattern)}`);
  if (status !== 200) return (json as { code: string }).code;
  const { backends } = json as { backends: { identity: string }[] };
  return backends.map(({ identity }) => identity.replace(/^b1\(,?(.*?),?\)$/, '$1')).sort();
}

/** The patterns as they stand in the document, with what is said of each. */
const patterns = passages()
  .filter(({ document }) => document.startsWith('004_'))
  .flatMap(({ text }) => [...text.matchAll(/(b1\S*)(?:\t+# (.*))?$/gm)])
  .map(([, pattern = '', meaning = '']) => ({ pattern, meaning }));

describe('a backend', () => {
  test('has six patterns in the document', () => {
    expect(patterns.map(({ pattern }) => pattern)).toEqual([
      'b1(127.0.0.1:8080,[::1]:8080)',
      'b1',
      'b1()',
      'b1(127.0.0.1)',
      'b1(:8080)',
      'b1(192.168.60.1,192.168.60.2)',
    ]);
  });

  test.each(patterns)('is named by $pattern: $meaning', async ({ pattern }) => {
    const expected: Record<string, readonly string[] | string> = {
      // A whole identity is that backend, and no other: here each has one address.
      'b1(127.0.0.1:8080,[::1]:8080)': 'command.unknown-backend',
      b1: 'command.ambiguous-backend',
      'b1()': [...places].sort(),
      'b1(127.0.0.1)': ['127.0.0.1:8080', '127.0.0.1:8081'],
      'b1(:8080)': ['127.0.0.1:8080', '192.168.60.2:8080', '[::1]:8080'],
      'b1(192.168.60.1,192.168.60.2)': ['192.168.60.1:80', '192.168.60.2:8080'],
    };
    expect(await found(pattern)).toEqual(expected[pattern]);
  });

  test('is named by its whole identity, as it is printed', async () => {
    expect(await found('b1(127.0.0.1:8080,)')).toEqual(['127.0.0.1:8080']);
    expect(await found('b1(,[::1]:8080)')).toEqual(['[::1]:8080']);
  });

  test('is named by b1 alone where it is the one and only, or the one in use', async () => {
    await proxy.use('config1');
    expect(await found('b1')).toEqual(['127.0.0.1:8081']);
  });
});
