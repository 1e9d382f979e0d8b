import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { CommandReader, type Read } from '../../../src/admin/cli/command-reader.ts';
import { commandWords } from '../../../src/admin/cli/command-words.ts';

/** Every character as an escape, in quotes. */
function escaped(word: string): string {
  const bytes = [...word].map((one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${bytes.join('')}"`;
}

const latin1 = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
});

describe('words', () => {
  test.prop([fc.array(latin1)])('are read as they were written, whatever is in them', (words) => {
    expect(commandWords(words.map(escaped).join(' ')).words).toEqual(words);
  });

  test.prop([fc.string()])('are read, or the line is refused', (line) => {
    const { words, mistake } = commandWords(line);
    expect(words === undefined).toBe(mistake !== undefined);
  });

  it.for([
    ['a b  c', ['a', 'b', 'c']],
    ['"a b" c', ['a b', 'c']],
    ['"a"b', ['a', 'b']],
    ['""', ['']],
    ['a\\n\\"\\\\', ['a\n"\\']],
    ['\\101\\1012 \\x4a', ['AA2', 'J']],
    ['a\0b', ['a']],
    ['', []],
  ] as const)('%j', ([line, words]) => {
    expect(commandWords(line).words).toEqual(words);
  });

  it.for([
    ['"a', `Missing '"'`],
    ['a"b', `Invalid '"'`],
    ['"a""b"', 'Missing separator between arguments'],
    ['\\q', 'Invalid backslash sequence'],
    ['\\x4', 'Invalid backslash sequence'],
    ['a\\', 'Invalid backslash sequence'],
  ] as const)('%j is refused', ([line, mistake]) => {
    expect(commandWords(line).mistake).toBe(mistake);
  });
});

/** All that is in a text, however it arrives. */
function readAll(text: string, cuts: readonly number[], isTrusted = true): Read[] {
  const reader = new CommandReader();
  const bytes = Buffer.from(text, 'latin1');
  const found: Read[] = [];
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    reader.push(bytes.subarray(start, end));
    start = end;
    for (let read = reader.next(isTrusted); read !== undefined; read = reader.next(isTrusted))
      found.push(read);
  }
  return found;
}

describe('commands', () => {
  test.prop([
    fc.array(fc.constantFrom('ping\n', 'a "b\n', '\r\n', 'x << E\ntext\nE\n', '  -help x\n', 'é\n')),
    fc.array(fc.nat()),
  ])('are the same, however they arrive', (lines, cuts) => {
    expect(readAll(lines.join(''), cuts)).toEqual(readAll(lines.join(''), []));
  });

  test('a text ends with its word at the end of a line', () => {
    expect(readAll('vcl.inline a << END\nEND of \nnone\nEND\nping\n', [])).toEqual([
      { words: ['vcl.inline', 'a', 'END of \nnone\n'] },
      { words: ['ping'] },
    ]);
  });

  test('strangers have 80 bytes a line, and no texts', () => {
    expect(readAll(`ping ${'x'.repeat(100)}\n`, [], false)).toEqual([
      { words: ['ping', 'x'.repeat(75)] },
      { words: ['x'.repeat(24)] },
    ]);
    expect(readAll('a << END\n', [], false)).toEqual([{ words: ['a', '<<', 'END'] }]);
  });

  test('nobody sends a command without an end', () => {
    const reader = new CommandReader();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent <= 16; sent++) reader.push(chunk);
    expect(reader.next(true)).toEqual({ tooLong: 16 * 1024 * 1024 });
  });
});
