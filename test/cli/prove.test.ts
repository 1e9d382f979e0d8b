import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { runProve } from '../../src/cli/prove.ts';
import { type ProveFlags, proveCommand } from '../../src/cli/prove-options.ts';
import { readStory } from '../../src/prove/story-file.ts';
import { replayStory } from '../../src/testing/index.ts';

const examples = fileURLToPath(new URL('../../examples/prove/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'troupe-prove-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function prove(file: string | undefined, flags: ProveFlags = {}, columns?: number) {
  const command = proveCommand(file, flags);
  if (typeof command === 'string') throw new Error(command);
  let out = '';
  let err = '';
  const code = await runProve(command, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: false,
    columns,
  });
  return { code, out, err };
}

/** Paths differ from machine to machine. */
function portable(text: string): string {
  return text.replaceAll(examples, 'examples/prove/').replaceAll(`${folder}/`, '');
}

describe('troupe prove', () => {
  test('tells the same story for the same seed, on every Node', async () => {
    const save = join(folder, 'last-resort.story.json');
    const first = await prove(`${examples}last-resort.broken.vcl`, { seed: '7', save });
    expect(first.code).toBe(1);
    expect(first.err).toBe('');
    await expect(portable(first.out)).toMatchFileSnapshot('prove-last-resort.txt');
    await expect(JSON.stringify((await readStory(save)).scenario, null, 1)).toMatchFileSnapshot(
      'prove-last-resort-scenario.txt',
    );
    expect((await prove(`${examples}last-resort.broken.vcl`, { seed: '7', save })).out).toBe(first.out);
  });

  test('says what was covered where nothing is found', async () => {
    const { code, out } = await prove(`${examples}last-resort.fixed.vcl`, { runs: '20', seed: '3' });
    expect(code).toBe(0);
    // How much of each it is changes with everything; that it is the same for the same seed is held above.
    await expect(portable(out).replace(/\d+(?:\.\d+)?/g, 'N')).toMatchFileSnapshot('prove-covered.txt');
  });

  test('runs a story again, and is content once the config is put right', async () => {
    const save = join(folder, 'again.story.json');
    await prove(`${examples}emptied-director.broken.vcl`, { save });
    const again = await prove(undefined, { replay: save });
    expect(again.code).toBe(1);
    expect(again.out).toContain('although app1 is healthy, has room and would have answered');
    const corrected = await prove(`${examples}emptied-director.fixed.vcl`, { replay: save });
    expect(corrected).toEqual({
      code: 0,
      out: `ok: ${examples}emptied-director.fixed.vcl: what ${save} tells does not happen any more\n`,
      err: '',
    });
  });

  test('gives stories to tests', async () => {
    const save = join(folder, 'test.story.json');
    await prove(`${examples}checkout.broken.ts`, { save });
    const found = await replayStory(save);
    expect(found.finding?.invariant).toBe('checkout never reaches the legacy pool');
    expect(found.story).toContain('Broken: checkout never reaches the legacy pool');
    const corrected = await replayStory(save, `${examples}checkout.fixed.ts`);
    expect([corrected.finding, corrected.story]).toEqual([undefined, '']);
  });

  test.each([
    ['a config that is wrong', 'wrong.vcl', 'vcl 4.1;\nbackend a { .host = "127.0.0.1" }\n', 'wrong.vcl:2:'],
    ['a file that is not there', 'absent.vcl', undefined, 'there is no such file'],
  ])('ends with 2 on %s', async (_what, name, text, message) => {
    if (text !== undefined) writeFileSync(join(folder, name), text);
    const { code, out, err } = await prove(join(folder, name));
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  test('ends with 2 on a story that is none', async () => {
    const path = join(folder, 'none.story.json');
    writeFileSync(path, '{"scenario": {"events": 3}}');
    const { code, err } = await prove(undefined, { replay: path });
    expect(code).toBe(2);
    expect(err).toContain('this is no story that troupe prove has written');
  });

  test('takes invariants from modules that are named, and says what such a module must export', async () => {
    const own = join(folder, 'own.ts');
    writeFileSync(
      own,
      "import { invariant } from 'troupe/testing';\nexport default invariant('nobody asks for /', ({ asks }) => asks.every(({ url }) => url !== '/'));\n",
    );
    const save = join(folder, 'own.story.json');
    const found = await prove(`${examples}last-resort.fixed.vcl`, { invariants: [own], save });
    expect(found.code).toBe(1);
    expect(found.out).toContain('Broken: nobody asks for /');
    writeFileSync(own, 'export const nothing = 1;\n');
    const refused = await prove(`${examples}last-resort.fixed.vcl`, { invariants: [own], save });
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('exports no invariants');
  });

  test('stops when its time is over', async () => {
    const { code, out } = await prove(`${examples}last-resort.fixed.vcl`, {
      runs: '1000000',
      timeLimit: '0.2s',
    });
    expect(code).toBe(0);
    expect(out).toMatch(/nothing found in \d+ runs \(of 1000000: the time was over\)/);
  });

  test('draws a bar on a terminal, and nothing of it stays', async () => {
    const { err } = await prove(`${examples}last-resort.fixed.vcl`, { runs: '20' }, 80);
    expect(err).toMatch(/\[=+ *\] \d+ of 20 runs/);
    expect(err.endsWith('\r\u001b[K')).toBe(true);
  });

  test.each<[string, string | undefined, ProveFlags]>([
    ['Name the config to prove', undefined, {}],
    ['--runs 0', 'a.vcl', { runs: '0' }],
    ['--runs many', 'a.vcl', { runs: 'many' }],
    ['--seed x', 'a.vcl', { seed: 'x' }],
    ['--time-limit soon', 'a.vcl', { timeLimit: 'soon' }],
  ])('refuses %s', (message, file, flags) => {
    expect(proveCommand(file, flags)).toContain(message);
  });

  test('reads its options', () => {
    expect(proveCommand('a.vcl', { runs: '5', seed: '-3', timeLimit: '30', save: 'b' })).toEqual({
      file: 'a.vcl',
      runs: 5,
      seed: -3,
      timeLimitMs: 30_000,
      replay: undefined,
      save: 'b',
      invariants: [],
    });
  });

  test('writes a story that reads as it is meant', () => {
    const { config, invariant, troupe } = JSON.parse(
      readFileSync(join(folder, 'last-resort.story.json'), 'utf8'),
    ) as Record<string, string>;
    expect(config).toMatch(/examples\/prove\/last-resort\.broken\.vcl$/);
    expect([typeof invariant, typeof troupe]).toEqual(['string', 'string']);
  });
});
