import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigFiles } from '../../../src/vcl/vmods/config-files.ts';

let outside: string;
let folder: string;
let files: ConfigFiles;
let logged: string[];
const log = (message: string) => logged.push(message);

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'troupe-files-'));
  folder = join(outside, 'config');
  mkdirSync(join(folder, 'pages'), { recursive: true });
  writeFileSync(join(outside, 'secret'), 'secret');
  mkdirSync(join(outside, 'config-2'));
  writeFileSync(join(outside, 'config-2', 'secret'), 'secret');
  writeFileSync(join(folder, 'pages', '404.html'), Buffer.from('n\xf6 page', 'latin1'));
  symlinkSync(join(outside, 'secret'), join(folder, 'link'));
  symlinkSync(join(folder, 'pages'), join(folder, 'alias'));
  files = new ConfigFiles(folder);
  logged = [];
});

afterEach(() => rmSync(outside, { recursive: true }));

describe('files of std', () => {
  test('are found from the folder on, or by their whole path', () => {
    expect(files.read('pages/404.html', log)?.toString('latin1')).toBe('n\xf6 page');
    expect(files.read(join(folder, 'pages/404.html'), log)?.toString('latin1')).toBe('n\xf6 page');
    expect(files.read('alias/404.html', log)).toBeDefined();
    expect(files.has('pages', log)).toBe(true);
  });

  test('that are not there are nothing', () => {
    expect(files.read('none', log)).toBeUndefined();
    expect(files.read('pages', log)).toBeUndefined();
    expect(files.has('none', log)).toBe(false);
  });

  test('are read once', () => {
    files.read('pages/404.html', log);
    writeFileSync(join(folder, 'pages/404.html'), 'changed');
    expect(files.read('pages/404.html', log)?.toString('latin1')).toBe('n\xf6 page');
  });

  test.each([
    '../secret',
    '../none',
    '/etc/passwd',
    'pages/../../secret',
    '../config-2/secret',
    'link',
    'link/../../secret',
  ])('%s is outside, and as if it were not there, whatever is', (path) => {
    expect(files.read(path, log)).toBeUndefined();
    expect(files.has(path, log)).toBe(false);
    const said = `${path} is not looked at: it is outside of the program's folder, ${folder}`;
    expect(logged).toEqual([said, said]);
  });

  test('of a program in no folder are not looked for', () => {
    expect(new ConfigFiles(undefined).read('a', log)).toBeUndefined();
    expect(logged).toEqual(['a is not looked for: this program is in no folder']);
  });
});
