import { execFile } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/config/check-config.ts';
import { loadConfigFile } from '../../src/config/load-file.ts';
import { TroupeError } from '../../src/errors.ts';
import { ConfigFolder, loadError, placeOf, shown } from './config-folder.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const minimal = `import { backend, defineConfig } from 'troupe';
const b1 = backend({ host: '127.0.0.1', port: 8081 });
export default defineConfig({ backends: { b1 } });
`;

describe('a config file', () => {
  test.each(['ts', 'mts', 'js', 'mjs'])(
    'may be a .%s file, and needs no package beside it',
    async (extension) => {
      const file = folder.write(`minimal.${extension}`, minimal);
      const config = await loadConfigFile(file);
      expect(config).toMatchObject({
        file,
        backends: [{ name: 'b1', place: { file, line: 2, column: 12 } }],
        defaultTarget: 'b1',
      });
      expect(checkConfig(config)).toEqual({ errors: [], warnings: [] });
    },
  );

  test('may be named by a relative path', async () => {
    const file = folder.write('relative.ts', minimal);
    expect((await loadConfigFile(relative(process.cwd(), file))).file).toBe(file);
  });

  test('may lie in a package of ES modules, or be a link', async () => {
    folder.write('package/package.json', '{ "type": "module" }');
    const file = folder.write('package/troupe.config.js', minimal);
    symlinkSync(file, `${folder.path}/link.js`);
    expect((await loadConfigFile(file)).backends).toHaveLength(1);
    expect((await loadConfigFile(`${folder.path}/link.js`)).backends).toHaveLength(1);
  });

  test('may be CommonJS', async () => {
    const file = folder.write(
      'common.cjs',
      `const { join } = require('node:path');\nmodule.exports = (async () => {})() && undefined;\nmodule.exports = { file: join(__dirname, __filename) };`,
    );
    expect(shown(await loadError(file))).toContain('the default export was not made by defineConfig');
  });

  test('may use enums, namespaces, JSON, import.meta, dynamic imports and top-level await', async () => {
    folder.write('parts/ports.json', '{ "first": 8081 }');
    folder.write('parts/host.ts', "export enum Host { Local = '127.0.0.1' }");
    folder.write(
      'parts/index.ts',
      "export * from './host.js';\nexport { default as ports } from './ports.json';",
    );
    const file = folder.write(
      'everything.ts',
      `#!/usr/bin/env troupe
import { readFileSync } from 'node:fs';
import * as troupe from 'troupe';
import { Host, ports } from './parts';
import type { Nothing } from './parts/nothing-at-all.ts';
namespace Names { export const port = ports.first; }
const { hash } = await import('troupe');
const text = readFileSync(new URL(import.meta.url), 'utf8');
const b1 = troupe.backend({ host: Host.Local, port: Names.port, hostHeader: text.slice(3, 6) });
export default troupe.defineConfig({ backends: { b1 }, directors: { app: hash([b1]) } });`,
    );
    const config = await loadConfigFile(file);
    expect(config.backends).toMatchObject([
      { endpoint: { host: '127.0.0.1', port: 8081 }, hostHeader: 'usr', place: { line: 9, column: 12 } },
    ]);
  });

  test('may have imports that form a cycle', async () => {
    folder.write(
      'cycle/a.ts',
      "import { b } from './b.ts';\nexport const a = 'a';\nexport const ab = (): string => a + b();",
    );
    folder.write('cycle/b.ts', "import { a } from './a.ts';\nexport const b = (): string => a + 'b';");
    const file = folder.write(
      'cycle/main.ts',
      `import { backend, defineConfig } from 'troupe';
import { ab } from './a.ts';
const [again] = await Promise.all([import('./b.ts'), import('./a.ts')]);
const b1 = backend({ host: ab() + again.b() });
export default defineConfig({ backends: { b1 } });`,
    );
    expect((await loadConfigFile(file)).backends[0]?.endpoint).toMatchObject({ host: 'aabab' });
  });

  test('gets the very package that loads it', async () => {
    folder.write('node_modules/troupe/package.json', '{ "name": "troupe", "main": "index.js" }');
    folder.write('node_modules/troupe/index.js', "throw new Error('another troupe');");
    const file = folder.write(
      'same.ts',
      `import { TroupeError } from 'troupe';\n(globalThis as Record<string, unknown>).seenTroupeError = TroupeError;\nthrow new TroupeError('config.invalid', 'as thrown', { side: 'troupe' });`,
    );
    const error = await loadError(file);
    expect((globalThis as Record<string, unknown>)['seenTroupeError']).toBe(TroupeError);
    expect(shown(error)).toBe('3:7 as thrown');
  });
});

describe('each loading', () => {
  test.each(['ts', 'mts', 'js', 'mjs'])(
    'of a .%s file and its imports sees what was edited',
    async (extension) => {
      const name = (text: string) => text.replaceAll('EXT', extension);
      const main = name(`import { backend, defineConfig } from 'troupe';
import { port } from './reload-part.EXT';
import settings from './reload.json';
const b1 = backend({ host: settings.host, port });
export default defineConfig({ backends: { b1 } });`);
      const file = folder.write(name('reload.EXT'), main);
      folder.write(name('reload-part.EXT'), 'export const port = 1001;');
      folder.write('reload.json', '{ "host": "first" }');
      const endpoints = async () => (await loadConfigFile(file)).backends.map(({ endpoint }) => endpoint);

      expect(await endpoints()).toMatchObject([{ host: 'first', port: 1001 }]);
      folder.write(name('reload-part.EXT'), 'export const port = 1002;');
      expect(await endpoints()).toMatchObject([{ host: 'first', port: 1002 }]);
      folder.write('reload.json', '{ "host": "second" }');
      expect(await endpoints()).toMatchObject([{ host: 'second', port: 1002 }]);
      folder.write(name('reload.EXT'), main.replace('host, port }', 'host, port: port + 1 }'));
      expect(await endpoints()).toMatchObject([{ host: 'second', port: 1003 }]);
      folder.write(name('reload-part.EXT'), 'export const port = ;');
      await loadError(file);
      folder.write(name('reload-part.EXT'), 'export const port = 1004;');
      expect(await endpoints()).toMatchObject([{ host: 'second', port: 1005 }]);
    },
  );

  test('has its own modules, also at the same time', async () => {
    folder.write('counter.ts', 'let count = 0;\nexport const next = (): number => ++count;');
    const file = folder.write(
      'counting.ts',
      `import { backend, defineConfig } from 'troupe';
import { next } from './counter.ts';
await new Promise((resolve) => setImmediate(resolve));
const b1 = backend({ host: 'x', port: next() });
export default defineConfig({ backends: { b1 }, recv({ req }) { req.url = String(next()); } });`,
    );
    const configs = await Promise.all([loadConfigFile(file), loadConfigFile(file), loadConfigFile(file)]);
    expect(configs.map((config) => config.backends[0]?.endpoint)).toEqual(
      Array(3).fill({ kind: 'tcp', host: 'x', port: 1 }),
    );
    expect(new Set(configs.map(({ hooks }) => hooks.recv)).size).toBe(3);
  });

  test('a module is evaluated once in it, however often it is imported', async () => {
    folder.write(
      'once.ts',
      '(globalThis as { evaluations?: number }).evaluations = ((globalThis as { evaluations?: number }).evaluations ?? 0) + 1;',
    );
    folder.write('once-more.ts', "import './once.ts';");
    const file = folder.write('once-main.ts', `import './once.ts';\nimport './once-more.ts';\n${minimal}`);
    await loadConfigFile(file);
    expect((globalThis as { evaluations?: number }).evaluations).toBe(1);
  });

  test('with mistakes leaves the places of another one as they are', async () => {
    const file = folder.write('moved.ts', minimal);
    const first = await loadConfigFile(file);
    folder.write('moved.ts', `\n\n\n${minimal.replace('8081', '-1')}`);
    expect(shown(await loadError(file))).toBe('5:41 b1: port must be between 1 and 65535, but is -1.');
    expect(first.origin?.option('b1', ['port'])).toEqual({ file, line: 2, column: 41 });
  });

  test('leaves no listener behind', async () => {
    const before = process.listenerCount('unhandledRejection');
    await loadConfigFile(folder.write('listeners.ts', minimal));
    await loadError(folder.write('listeners-wrong.ts', 'throw new Error("x");'));
    expect(process.listenerCount('unhandledRejection')).toBe(before);
  });
});

describe('the origin of a config', () => {
  const source = `import { backend, defineConfig, roundRobin, saintmode } from 'troupe';
import { helper } from './helper.ts';
type Wide = string   |    number;
const b1 = backend({ host: 'x', probe: { interval: '1s' } });
const sm1 = saintmode(b1, { threshold: 3 });
const app = roundRobin([sm1, b1]);
export default defineConfig({
  backends: { b1 },
  directors: { app, sm1 },
  recv({ req }): undefined { const wide: Wide = 5;    throw new Error(String(wide)); },
  deliver: () => helper(),
});
`;

  test('knows options, hooks, and where hooks throw', async () => {
    const helper = folder.write('helper.ts', 'export function helper(): never {\n  null!.x;\n}');
    const file = folder.write('origin.ts', source);
    const { origin, hooks } = await loadConfigFile(file);
    const at = (text: string) => {
      const [line, column] = placeOf(text, source).split(':').map(Number);
      return { file, line, column };
    };
    expect(origin?.option('b1', ['probe', 'interval'])).toEqual(at('interval'));
    expect(origin?.option('sm1', ['threshold'])).toEqual(at('threshold'));
    expect(origin?.option('sm1', ['backend'])).toEqual(at('b1, { threshold'));
    expect(origin?.option('app', ['members', 1])).toEqual(at('b1]);'));
    expect(origin?.option('nobody', ['port'])).toBeUndefined();
    expect(origin?.hook('recv')).toEqual(at('recv('));
    expect(origin?.hook('deliver')).toEqual(at('deliver:'));
    const thrownBy = (hook: unknown): unknown => {
      try {
        return (hook as (context: object) => unknown)({ req: {} });
      } catch (error) {
        return error;
      }
    };
    expect(origin?.thrown(thrownBy(hooks.recv))).toEqual(at('new Error'));
    expect(origin?.thrown(thrownBy(hooks.deliver))).toEqual({ file: helper, line: 2, column: 9 });
    expect(origin?.thrown(new Error('elsewhere'))).toBeUndefined();
    expect(origin?.thrown('no error')).toBeUndefined();
  });
});

describe('what cannot be read', () => {
  const wrongKind =
    'a config is a VCL file (.vcl), or a TypeScript or JavaScript module (.ts, .mts, .js, .mjs).';
  test.each<[name: string, sentence: string]>([
    ['nowhere.ts', 'there is no such file.'],
    ['folder.ts', 'this is a directory.'],
    ['nowhere.vcl', 'there is no such file.'],
    ['config.json', wrongKind],
    ['config', wrongKind],
  ])('%s', async (name, sentence) => {
    folder.write('folder.ts/file', '');
    for (const existing of ['config.json', 'config']) folder.write(existing, '');
    const file = `${folder.path}/${name}`;
    const error = await loadError(file);
    expect(error).toMatchObject({ code: 'config.unreadable', message: `${file}: ${sentence}` });
  });
});

describe('a file that does not come to an end', () => {
  test('fails after a while, and what it does later harms nobody', async () => {
    const file = folder.write(
      'forever.ts',
      `await new Promise((_resolve, reject) => { (globalThis as Record<string, unknown>).failLater = reject; });`,
    );
    const error = await loadError(file, 20);
    expect(shown(error)).toBe(
      '1:1 the file did not finish loading within 0.02 s: it waits for something at its top level.',
    );
    ((globalThis as Record<string, unknown>)['failLater'] as (reason: Error) => void)(new Error('too late'));
    expect((await loadConfigFile(folder.write('after.ts', minimal))).backends).toHaveLength(1);
  });
});

/** Milliseconds in which even a busy machine starts a process and compiles what it loads. */
const PROCESS_MS = 60_000;

/** In a process of its own: the test runner has its own listener for what is unhandled. */
function inProcess(script: string): Promise<{ code: number; output: string }> {
  const main = folder.write('main.ts', script);
  const runner = `import { createJiti } from ${JSON.stringify(import.meta.resolve('jiti'))};\nawait createJiti(import.meta.url, { fsCache: false }).import(${JSON.stringify(main)});`;
  return new Promise((resolve) => {
    execFile(process.execPath, [folder.write('runner.mjs', runner)], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

const importLoader = `import { loadConfigFile } from ${JSON.stringify(new URL('../../src/config/load-file.ts', import.meta.url).pathname)};`;

describe('a promise that a file leaves rejected', () => {
  test(
    'is a mistake of the file, and does not end the process',
    async () => {
      const text = `${minimal}Promise.reject(new Error('nobody cares'));\n`;
      const file = folder.write('stray.ts', text);
      const { code, output } = await inProcess(`${importLoader}
try { await loadConfigFile(${JSON.stringify(file)}); console.log('loaded'); }
catch (error) { console.log(error.place.line + ':' + error.place.column, error.message); }
console.log('serving on');`);
      expect(output).toBe(`4:16 the file threw while it was loaded: Error: nobody cares\nserving on\n`);
      expect(code).toBe(0);
    },
    PROCESS_MS,
  );

  test(
    'but one from elsewhere ends the process as ever',
    async () => {
      const file = folder.write(
        'waiting.ts',
        `await new Promise((resolve) => setTimeout(resolve, 50));\n${minimal}`,
      );
      const { code, output } = await inProcess(`${importLoader}
const loading = loadConfigFile(${JSON.stringify(file)});
setImmediate(() => { Promise.reject(new Error('a bug of the program')); });
await loading;
console.log('still here');`);
      expect(output).toContain('a bug of the program');
      expect(output).not.toContain('still here');
      expect(code).not.toBe(0);
    },
    PROCESS_MS,
  );
});
