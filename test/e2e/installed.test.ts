/**
 * What a new user does first, with the package as it is published: the README's code and the examples of
 * embedding. Code in the README names its file in its first line, and may import other files of it.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InstalledPackage, installPackage } from '../support/installed-package.ts';
import { Origin } from '../support/origin.ts';

const run = promisify(execFile);
const jiti = import.meta.resolve('jiti/register');

const readme = await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ''], index) => ({
  code,
  file: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `block-${index}.ts`,
}));

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
}, 120_000);

afterAll(() => installed?.remove());

describe('the code in the README', () => {
  let origins: Origin[];

  beforeAll(async () => {
    origins = [await Origin.start('app1'), await Origin.start('app2')];
    const { project } = installed;
    for (const { file, code } of blocks) await writeFile(join(project, file), withPorts(code));
    const config = blocks.find(({ file }) => file === 'my.config.ts');
    await writeFile(join(project, 'next.config.ts'), withPorts(config?.code ?? ''));
    await writeFile(join(project, 'package.json'), '{"type":"module"}');
  });

  afterAll(() => Promise.all(origins.map((origin) => origin.close())));

  /** Backends that are there, and ports that are free. */
  function withPorts(code: string): string {
    const [app1, app2] = origins.map(({ port }) => port);
    return code
      .replace(/\b9001\b/, String(app1))
      .replace(/\b9002\b/, String(app2))
      .replace(/\blisten\(\d+\)/, 'listen(0)')
      .replace(/port: 8080\b/, 'port: 0');
  }

  test('is all here', () => {
    const files = blocks.map(({ file }) => file);
    expect(files).toEqual(expect.arrayContaining(['my.config.ts', 'app.ts', 'operate.ts']));
  });

  test('type-checks in a strict project', async () => {
    const compilerOptions = {
      strict: true,
      noImplicitReturns: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      noFallthroughCasesInSwitch: true,
      verbatimModuleSyntax: true,
      target: 'es2022',
      lib: ['es2022'],
      module: 'nodenext',
      types: ['node'],
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
    };
    const include = blocks.map(({ file }) => file);
    const { project, tsc } = installed;
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
    const { stdout } = await run(process.execPath, [tsc, '-p', '.'], { cwd: project }).catch(
      (error) => error,
    );
    expect(stdout).toBe('');
  });

  test.each(blocks)('$file runs, and ends by itself', async ({ file }) => {
    const { project } = installed;
    await run(process.execPath, ['--import', jiti, join(project, file)], { cwd: project, timeout: 20_000 });
  });
});

/** What each example prints, where every run prints the same. */
const shown: Record<string, RegExp> = {
  'node-http': /^GET \/one -> anna: GET \/one .*\nGET \/two -> bert: GET \/two .*$/m,
  express: /^GET \/ -> This is the application itself\.\nGET \/api\/users -> api: GET \/users for ada$/m,
  fastify: /^GET \/ -> This is the application itself\.\nPOST \/api\/users -> api: POST \/api\/users .*$/m,
  'fetch-through-director':
    /^anna: .*\nbert: .*\nanna goes away:\nbert: .*\nbert: .*\nbert goes away, too:\nfetch failed: backend\.connect-failed: .*$/m,
  websocket: /^hello -> echo: hello$/m,
};

describe('the examples of embedding', () => {
  test('are all run here', async () => {
    const files = await readdir(join(installed.folder, 'examples/embedding'));
    const expected = Object.keys(shown).map((name) => `${name}.mjs`);
    expect(files.filter((file) => file !== 'origins.mjs').sort()).toEqual(expected.sort());
  });

  test.each(Object.entries(shown))(
    '%s shows what it is about, and ends at Ctrl-C',
    async (name, expected) => {
      const child = spawn(process.execPath, [join(installed.folder, `examples/embedding/${name}.mjs`)]);
      let output = '';
      const take = (chunk: Buffer) => {
        output += chunk;
        // The one without a server ends by itself.
        if (name !== 'fetch-through-director' && expected.test(output)) child.kill('SIGINT');
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const [code] = await once(child, 'close');
      clearTimeout(limit);
      expect(output).toMatch(expected);
      expect(code).toBe(0);
    },
  );
});
