import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type DiagramOptions, runDiagram } from '../../src/cli/diagram.ts';
import { ConfigFolder } from '../config/config-folder.ts';
import { parseXml } from '../support/parse-xml.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

async function diagram(
  options: Partial<DiagramOptions>,
): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runDiagram(
    { file: undefined, out: undefined, format: undefined, only: [], ...options },
    {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      color: false,
    },
  );
  return { code, out, err };
}

const shop = folder.write(
  'shop.config.ts',
  `import { backend, defineConfig, roundRobin } from 'troupe';
const b1 = backend({ host: '127.0.0.1', port: 81 });
const b2 = backend({ host: '127.0.0.1', port: 82 });
const app = roundRobin([b1]);
export default defineConfig({
  backends: { b1, b2 }, directors: { app }, default: app,
  init() { app.addBackend(b2); },
});`,
);

/** XState as a user's file has it, from wherever it is installed. */
const xstate = import.meta.resolve('xstate');
const door = folder.write(
  'door.ts',
  `import { createMachine } from '${xstate}';
const states = { open: { on: { close: 'shut' } }, shut: { on: { open: 'open' } } };
export const door: unknown = createMachine({ id: 'door', initial: 'shut', states });`,
);
const house = folder.write(
  'house.ts',
  `import { createMachine } from '${xstate}';
export const front = createMachine({ id: 'door' });
export const back = createMachine({ id: 'door' });
export const cellar = createMachine({ id: '../../cellar' });
export const stairs = 12;`,
);

describe('troupe diagram', () => {
  test('writes a config to standard output, with the members that init adds', async () => {
    const { code, out, err } = await diagram({ file: shop, format: 'mermaid' });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('accTitle: shop\n');
    expect(out).toContain('target_app --> target_b1');
    expect(out).toContain('target_app --> target_b2');
    expect(out).toContain('hooks#58; init');
  });

  test('writes SVG unless told otherwise', async () => {
    const { code, out } = await diagram({ file: door });
    expect(code).toBe(0);
    expect(parseXml(out).tag).toBe('svg');
  });

  test('gives a config as JSON to scripts', async () => {
    const { out } = await diagram({ file: shop, format: 'json' });
    const { nodes, edges } = JSON.parse(out);
    expect(nodes.map(({ kind }: { kind: string }) => kind)).toEqual([
      'service',
      'director',
      'backend',
      'backend',
    ]);
    expect(edges).toHaveLength(3);
  });

  test("draws a user's own machine", async () => {
    const { out } = await diagram({ file: door, format: 'scxml' });
    expect(out).toContain('<transition event="close" target="machine.shut"/>');
  });

  test('writes all there is into a folder, as SVG and Mermaid', async () => {
    const into = join(folder.path, 'new/charts');
    const { code, out } = await diagram({ file: house, out: into });
    expect(code).toBe(0);
    const files = ['back.mmd', 'back.svg', 'cellar.mmd', 'cellar.svg', 'front.mmd', 'front.svg'];
    expect(readdirSync(into).toSorted()).toEqual(files);
    expect(out.trimEnd().split('\n').toSorted()).toEqual(files.map((file) => join(into, file)));
    expect(readFileSync(join(into, 'front.mmd'), 'utf8')).toContain('stateDiagram-v2');
  });

  test("draws Troupe's own machines without a file; what is no state chart has no SCXML", async () => {
    const into = join(folder.path, 'own');
    const { code } = await diagram({ out: into, format: 'scxml' });
    expect(code).toBe(0);
    expect(readdirSync(into)).toContain('poller.scxml');
    expect(readdirSync(into)).not.toContain('topology.scxml');
  });

  test('writes one of several, by its name', async () => {
    const { code, out } = await diagram({ only: ['poller'], format: 'mermaid' });
    expect(code).toBe(0);
    expect(out).toContain('accTitle: poller');
  });

  test.each<[what: string, options: Partial<DiagramOptions>, err: string]>([
    [
      'several charts for standard output',
      { file: house },
      'there are 3 charts, which cannot all go to standard output.\n  Name a folder with --out, or one of back, cellar, front.\n',
    ],
    [
      'a name that is none',
      { file: house, only: ['front', 'roof'] },
      "there is no chart 'roof'.\n  There are back, cellar, front.\n",
    ],
    [
      'a config as SCXML',
      { file: shop, format: 'scxml' },
      'shop cannot be written as scxml: it is a graph, and no state chart.\n  Use svg, mermaid or json.\n',
    ],
    ['a file that is not there', { file: 'no/such.ts' }, 'no/such.ts: there is no such file.\n'],
  ])('refuses %s', async (_, options, err) => {
    expect(await diagram(options)).toEqual({ code: 1, out: '', err });
  });

  test('refuses a file with nothing to draw, and says what there could be', async () => {
    const file = folder.write('nothing.ts', 'export const answer = 42;');
    const { code, err } = await diagram({ file });
    expect(code).toBe(1);
    expect(err).toContain('nothing.ts:1:1: the file has neither a config nor an XState machine.');
    expect(err).toContain('export default defineConfig({ ... })');
  });

  test('tells a mistake in a config as check does', async () => {
    const file = folder.write(
      'wrong.ts',
      `import { backend, defineConfig } from 'troupe';
export default defineConfig({ backends: { b: backend({ host: 'x', port: 70000 }) } });`,
    );
    const { code, err } = await diagram({ file });
    expect(code).toBe(1);
    expect(err).toContain('wrong.ts:2:67: b: port must be between 1 and 65535');
  });

  test('refuses a folder that cannot be written to', async () => {
    const { code, err } = await diagram({ file: door, out: join(door, 'charts') });
    expect(code).toBe(1);
    expect(err).toContain(`${join(door, 'charts')}: it cannot be written to: `);
  });
});
