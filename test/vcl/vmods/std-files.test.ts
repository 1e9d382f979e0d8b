import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigFiles } from '../../../src/vcl/vmods/config-files.ts';

let outside: string;
let folder: string;
let files: ConfigFiles;

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
});

afterEach(() => rmSync(outside, { recursive: true }));

describe('files of std', () => {
  test('are found from the folder on, or by their whole path', () => {
    expect(files.read('pages/404.html')?.toString('latin1')).toBe('n\xf6 page');
    expect(files.read(join(folder, 'pages/404.html'))?.toString('latin1')).toBe('n\xf6 page');
    expect(files.read('alias/404.html')).toBeDefined();
    expect(files.has('pages')).toBe(true);
  });

  test('that are not there are nothing', () => {
    expect(files.read('none')).toBeUndefined();
    expect(files.read('pages')).toBeUndefined();
    expect(files.has('none')).toBe(false);
  });

  test('are read once', () => {
    files.read('pages/404.html');
    writeFileSync(join(folder, 'pages/404.html'), 'changed');
    expect(files.read('pages/404.html')?.toString('latin1')).toBe('n\xf6 page');
  });

  test.each([
    '../secret',
    '/etc/passwd',
    'pages/../../secret',
    '../config-2/secret',
    'link',
    'link/../../secret',
  ])('%s is outside, and refused', (path) => {
    expect(() => files.read(path)).toThrow("is outside of the program's folder");
    expect(() => files.has(path)).toThrow("is outside of the program's folder");
  });

  test('of a program in no folder are refused', () => {
    expect(() => new ConfigFiles(undefined).read('a')).toThrow('this program is in no folder');
  });
});
