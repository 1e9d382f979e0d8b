import { afterAll, describe, expect, test } from 'vitest';
import { combined } from '../../src/config/combined-error.ts';
import { renderError, renderWarning } from '../../src/config/report.ts';
import { type Place, TroupeError } from '../../src/errors.ts';
import { ConfigFolder } from './config-folder.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

function mistake(message: string, place?: Place, advice?: string): TroupeError {
  return new TroupeError('config.invalid', message, { side: 'troupe', place, advice });
}

function rendered(text: string, line: number, column: number): string {
  const file = folder.write('my.config.ts', text);
  return renderError(mistake('this is wrong.', { file, line, column }), { cwd: folder.path });
}

describe('an error', () => {
  test('is shown with its line, a mark and advice', () => {
    const file = folder.write('my.config.ts', '\n  const b = backend({ prot: 80 });\n');
    const error = mistake(
      "there is no option 'prot'.",
      { file, line: 2, column: 23 },
      "Did you mean 'port'?",
    );
    expect(renderError(error, { cwd: folder.path })).toBe(`my.config.ts:2:23: there is no option 'prot'.
  2 |   const b = backend({ prot: 80 });
    |                       ^^^^
  Did you mean 'port'?`);
  });

  test('keeps tabs in front of the mark', () => {
    expect(rendered('\t\tport: 0', 1, 3)).toBe(
      'my.config.ts:1:3: this is wrong.\n  1 | \t\tport: 0\n    | \t\t^^^^',
    );
  });

  test('marks a quoted text as a whole', () => {
    expect(rendered("import './a b.ts';", 1, 8)).toContain('|        ^^^^^^^^^^\n'.trimEnd());
  });

  test('at the end of a line is marked behind it', () => {
    expect(rendered('f({', 1, 4)).toBe('my.config.ts:1:4: this is wrong.\n  1 | f({\n    |    ^');
  });

  test('in a very long line is shown with what is around it', () => {
    const lines = rendered(`${'x'.repeat(5_000)} port ${'y'.repeat(5_000)}`, 1, 5_002).split('\n');
    for (const line of lines) expect(line.length).toBeLessThan(140);
    const [, source = '', mark = ''] = lines;
    expect(source.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('port');
  });

  test('is shown without a line if the file is gone or has become shorter', () => {
    expect(rendered('x', 7, 1)).toBe('my.config.ts:7:1: this is wrong.');
    const place = { file: `${folder.path}/gone.ts`, line: 1, column: 1 };
    expect(renderError(mistake('gone.', place), { cwd: folder.path })).toBe('gone.ts:1:1: gone.');
  });

  test('has the whole path if the file is elsewhere', () => {
    const place = { file: '/elsewhere/x.ts', line: 1, column: 1 };
    expect(renderError(mistake('far.', place), { cwd: folder.path })).toBe('/elsewhere/x.ts:1:1: far.');
  });

  test('without a place is its sentence', () => {
    expect(renderError(mistake('nothing to show.'))).toBe('nothing to show.');
  });

  test('that stands for several shows each', () => {
    const error = combined([mistake('one.'), mistake('two.')]);
    expect(error.message).toBe('one. (And 1 more mistake.)');
    expect(renderError(error)).toBe('one.\n\ntwo.');
  });

  test('is colored on demand', () => {
    const file = folder.write('my.config.ts', 'x');
    const text = renderError(mistake('red.', { file, line: 1, column: 1 }), {
      color: true,
      cwd: folder.path,
    });
    expect(text).toContain('\x1b[31m^\x1b[39m');
  });

  test('that is a bug of ours has its stack', () => {
    expect(renderError(new RangeError('oh'))).toContain('report.test.ts');
  });
});

test('a warning says that it is one', () => {
  const file = folder.write('my.config.ts', 'const app = roundRobin([]);');
  const warning = { message: 'app has no members.', place: { file, line: 1, column: 13 } };
  expect(renderWarning(warning, { cwd: folder.path })).toBe(`my.config.ts:1:13: warning: app has no members.
  1 | const app = roundRobin([]);
    |             ^^^^^^^^^^`);
});
