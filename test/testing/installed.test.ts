/**
 * What a user of `troupe/testing` does first, with the package as it is published: the code in docs/testing.md, under
 * vitest and node:test. Code there names its file in its first line; its corrections are written as differences.
 */
import { execFile } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InstalledPackage, installPackage } from '../support/installed-package.ts';

const execute = promisify(execFile);
const jiti = import.meta.resolve('jiti/register');
const page = await readFile(fileURLToPath(new URL('../../docs/testing.md', import.meta.url)), 'utf8');

const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );
const files = blocks('ts').map((code) => ({ name: /^\/\/ (\S+)\n/.exec(code)?.[1] ?? '', code }));
const corrections = blocks('diff').map((diff) => {
  const side = (sign: string) =>
    diff
      .split('\n')
      .filter((line) => line.startsWith(sign))
      .map((line) => line.slice(1))
      .join('\n');
  return { before: side('-'), after: side('+') };
});
const [toldStory = '', toldMissing = '', toldTable = ''] = blocks('text').map((text) => text.trim());

const isTest = (name: string) => name.endsWith('.test.ts');
const nativeName = (name: string) => name.replace('.test.', '.native.');

/** Each of these starts other programs, a few seconds of work where nothing else runs. */
const PATIENCE_MS = 180_000;

let installed: InstalledPackage;
let machine = files.find(({ name }) => name === 'upload.ts')?.code ?? '';

/** A run of a program: how it ended, and all that it wrote. */
async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const options = {
    cwd: installed.project,
    timeout: PATIENCE_MS,
    env: { ...process.env, NO_COLOR: '1', CI: 'true' },
  };
  try {
    const { stdout, stderr } = await execute(process.execPath, args, options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const vitest = (...files: string[]) => run('node_modules/vitest/vitest.mjs', 'run', ...files);
const nodeTest = (...files: string[]) => run('--import', jiti, '--test', '--test-reporter=tap', ...files);

async function correct(which: number): Promise<void> {
  const { before = '', after = '' } = corrections[which] ?? {};
  expect(machine).toContain(before);
  machine = machine.replace(before, after);
  await writeFile(join(installed.project, 'upload.ts'), machine);
}

beforeAll(async () => {
  installed = await installPackage();
  const { project } = installed;
  for (const { name, code } of files) {
    await writeFile(join(project, name), code);
    const native = code.replace(`import { test } from 'vitest';`, `import { test } from 'node:test';`);
    if (isTest(name)) await writeFile(join(project, nativeName(name)), native);
  }
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  // What the page shows was found from this seed.
  await writeFile(
    join(project, 'seed.ts'),
    `import fc from 'fast-check';\nfc.configureGlobal({ seed: 1 });\n`,
  );
  await writeFile(
    join(project, 'vitest.config.ts'),
    `export default { test: { setupFiles: ['./seed.ts'], include: ['*.test.ts'], testTimeout: ${PATIENCE_MS} } };\n`,
  );
}, PATIENCE_MS);

afterAll(() => installed?.remove());

describe('the page', { timeout: PATIENCE_MS }, () => {
  test('type-checks in a strict project', async () => {
    const compilerOptions = {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      verbatimModuleSyntax: true,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      module: 'nodenext',
      types: ['node'],
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
    };
    const include = files.map(({ name }) => name);
    await writeFile(join(installed.project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
    expect((await run(installed.tsc, '-p', '.')).output).toBe('');
  });

  test('its test fails at first as the page tells, under vitest and node:test', async () => {
    const under = await vitest('upload.test.ts');
    expect(under.code).toBe(1);
    expect(under.output).toContain(toldStory);
    const native = await nodeTest('upload.native.ts');
    expect(native.code).toBe(1);
    expect(native.output).toContain('Does not hold: no file is sent more than three times');
  });

  test('then finds the dead transition', async () => {
    await correct(0);
    const { code, output } = await vitest('upload.test.ts');
    expect(code).toBe(1);
    expect(output).toContain(toldMissing);
  });

  test('and passes in the end with all others, under vitest and node:test, with the table that is shown', async () => {
    await correct(1);
    const { project } = installed;
    const source = await readFile(join(project, 'upload.test.ts'), 'utf8');
    const printing = source.replace('coverage.assertComplete();', '$& console.log(String(coverage));');
    await writeFile(join(project, 'upload.test.ts'), printing);
    const under = await vitest();
    expect(under.output).toContain(toldTable);
    expect(under.output).toMatch(/Tests +3 passed/);
    expect(under.code).toBe(0);
    const native = await nodeTest(
      ...files
        .map(({ name }) => name)
        .filter(isTest)
        .map(nativeName),
    );
    expect(native.output).toMatch(/^# pass 3$/m);
    expect(native.code).toBe(0);
  });

  test('coverage.ts prints its table, and ends by itself', async () => {
    const { code, output } = await run('--import', jiti, 'coverage.ts');
    expect(output).toMatch(/^upload +2\/5 +40 % +1\/10 +10 %$/m);
    expect(code).toBe(0);
  });
});

test('the proxy does without fast-check', { timeout: PATIENCE_MS }, async () => {
  const folder = join(installed.project, 'node_modules/fast-check');
  await rename(folder, `${folder}-away`);
  try {
    const { code, output } = await run('-e', `import('troupe').then(() => console.log('loaded'))`);
    expect({ code, output }).toEqual({ code: 0, output: 'loaded\n' });
    // It would have been missed.
    expect((await run('-e', `import('troupe/testing')`)).code).not.toBe(0);
  } finally {
    await rename(`${folder}-away`, folder);
  }
});
