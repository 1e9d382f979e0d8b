import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDashboard } from '../../src/cli/dashboard-address.ts';

const none = { address: undefined, tokenFile: undefined, hosts: [], tokenVariable: undefined };

test.each([
  ['127.0.0.1:9090', '127.0.0.1', 9090],
  ['[::1]:9090', '::1', 9090],
  ['localhost:0', 'localhost', 0],
  [':9090', '', 9090],
])('%s', (address, host, port) => {
  expect(parseDashboard({ ...none, address }, '/etc/troupe')).toMatchObject({
    host,
    port,
    configFolder: '/etc/troupe',
  });
});

test.each(['9090', '127.0.0.1', '127.0.0.1:99999', '/run/x.sock', '::1:9090', ''])(
  '"%s" is no address to listen on, and the sentence says what is',
  (address) => {
    expect(parseDashboard({ ...none, address }, '.')).toMatch(/^--dashboard .*(ADDR:PORT|between|brackets)/);
  },
);

test('the token comes from a file, without the line end, or else from the environment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-token-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'from-the-file\n');
  const flags = { ...none, address: ':1', tokenVariable: 'from-the-environment' };
  expect(parseDashboard({ ...flags, tokenFile }, '.')).toMatchObject({ token: 'from-the-file' });
  expect(parseDashboard(flags, '.')).toMatchObject({ token: 'from-the-environment' });
  rmSync(folder, { recursive: true });
  expect(parseDashboard({ ...flags, tokenFile }, '.')).toMatch(/^--dashboard-token .*cannot be read/);
});
