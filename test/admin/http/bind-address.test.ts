import { expect, test } from 'vitest';
import { bindAddress, isLoopback } from '../../../src/admin/http/bind-address.ts';

test.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['localhost', false],
])('%s is loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

const knows = (addresses: Record<string, string[]>) => async (name: string) =>
  (addresses[name] ?? []).map((address) => ({ address }));
const lookup = knows({ local: ['127.0.0.1', '::1'], mixed: ['127.0.0.1', '10.0.0.1'], far: ['10.0.0.1'] });

test('a name is bound as what it was found to be', async () => {
  expect(await bindAddress('', false, lookup)).toBe('127.0.0.1');
  expect(await bindAddress('[::1]', false, lookup)).toBe('::1');
  expect(await bindAddress('local', false, lookup)).toBe('127.0.0.1');
  expect(await bindAddress('far', true, lookup)).toBe('10.0.0.1');
});

test.each(['0.0.0.0', '::', '10.0.0.1', 'far', 'mixed', 'nobody'])('%s needs a token', async (host) => {
  await expect(bindAddress(host, false, lookup)).rejects.toMatchObject({ code: 'admin.needs-token' });
});

test('a name that is not found is an error that says so', async () => {
  const lost = async () => {
    throw new Error('ENOTFOUND');
  };
  await expect(bindAddress('lost', true, lost)).rejects.toMatchObject({ code: 'troupe.listen-failed' });
});
