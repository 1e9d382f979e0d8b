import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadableCheck } from '../../../src/admin/http/loadable.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'troupe-loadable-'));
  mkdirSync(join(root, 'configs/deeper'), { recursive: true });
  writeFileSync(join(root, 'configs/a.ts'), '');
  writeFileSync(join(root, 'configs/deeper/b.ts'), '');
  writeFileSync(join(root, 'configs/..c.ts'), '');
  writeFileSync(join(root, 'secret.ts'), '');
  symlinkSync(join(root, 'secret.ts'), join(root, 'configs/link.ts'));
  symlinkSync(join(root, 'configs'), join(root, 'way-in'));
});

afterEach(() => rmSync(root, { recursive: true }));

test.each(['configs/a.ts', 'configs/deeper/b.ts', 'configs/deeper/../a.ts'])('%s is loaded', (file) => {
  expect(() => loadableCheck(join(root, 'configs'))(join(root, file))).not.toThrow();
  expect(() => loadableCheck(join(root, 'way-in'))(join(root, 'way-in', file.slice(8)))).not.toThrow();
});

test.each(['secret.ts', 'configs/../secret.ts', 'configs/link.ts', 'configs', 'no-such.ts'])(
  '%s is not, without a token',
  (file) => {
    const check = loadableCheck(join(root, 'configs'));
    expect(() => check(join(root, file))).toThrow(expect.objectContaining({ code: 'admin.forbidden' }));
    expect(() => loadableCheck(undefined)(join(root, file))).not.toThrow();
  },
);

test('a file of that folder that is missing is missing', () => {
  const check = loadableCheck(join(root, 'configs'));
  expect(() => check(join(root, 'configs/none.ts'))).toThrow(
    expect.objectContaining({ code: 'config.unreadable', message: expect.stringContaining('no such file') }),
  );
});
