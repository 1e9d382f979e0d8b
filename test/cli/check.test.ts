import { afterAll, describe, expect, test } from 'vitest';
import { runCheck } from '../../src/cli/check.ts';
import { ConfigFolder } from '../config/config-folder.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

async function check(name: string, text: string): Promise<{ code: number; out: string; err: string }> {
  const file = folder.write(name, text);
  let out = '';
  let err = '';
  const code = await runCheck(file, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: false,
  });
  return { code, out, err };
}

const head = `import { backend, defineConfig, roundRobin, saintmode } from 'troupe';
const app1 = backend({ host: '127.0.0.1', port: 9001 });
const app = roundRobin([saintmode(app1, { threshold: 3 })]);
`;

describe('troupe check', () => {
  test('counts what a valid config has', async () => {
    const text = `${head}export default defineConfig({ backends: { app1 }, directors: { app }, default: app });`;
    expect(await check('valid.ts', text)).toEqual({
      code: 0,
      out: `${folder.path}/valid.ts is valid: 1 backend, 1 director, 1 saintmode object\n`,
      err: '',
    });
  });

  test('warns, and finds the config valid', async () => {
    const text = `import { backend, defineConfig, roundRobin } from 'troupe';
const b1 = backend({ host: '127.0.0.1' });
const b2 = backend({ host: '::1', path: undefined });
const app = roundRobin([]);
export default defineConfig({ backends: { b1, b2 }, directors: { app }, default: app, recv() {} });`;
    expect(await check('warn.ts', text)).toEqual({
      code: 0,
      out: `${folder.path}/warn.ts is valid: 2 backends, 1 director, 0 saintmode objects\n`,
      err: `${folder.path}/warn.ts:4:13: warning: app has no members: requests for it get 503 until a hook adds one.
  4 | const app = roundRobin([]);
    |             ^^^^^^^^^^

`,
    });
  });

  test('shows every mistake like a compiler', async () => {
    const text = `${head}const wrong = backend({
  host: '127.0.0.1',
  port: 70000,
});
export default defineConfig({ backends: { app1, wrong }, directors: { app }, async recv() {} } as never);`;
    expect(await check('wrong.ts', text)).toEqual({
      code: 1,
      out: '',
      err: `${folder.path}/wrong.ts:6:3: wrong: port must be between 1 and 65535, but is 70000.
  6 |   port: 70000,
    |   ^^^^

${folder.path}/wrong.ts:8:84: the hook recv is an async function, but hooks run to completion: they cannot wait.
  8 | export default defineConfig({ backends: { app1, wrong }, directors: { app }, async recv() {} } as never);
    |                                                                                    ^^^^
  Make it a plain function; what it needs to wait for, get before defineConfig, or on a timer.
`,
    });
  });

  test('shows a host that does not resolve where it is written', async () => {
    const text = `${head}const lost = backend({ port: 80, host: 'no..such..host' });
export default defineConfig({ backends: { app1, lost }, directors: { app } });`;
    const { code, err } = await check('lost.ts', text);
    expect(code).toBe(1);
    expect(err).toContain(`lost.ts:4:34: `);
    expect(err).toContain('"no..such..host"');
    expect(err).toContain('\n    |                                  ^^^^\n');
  });

  test('shows where init throws', async () => {
    const text = `${head}export default defineConfig({
  backends: { app1 },
  directors: { app },
  init() {
    throw new Error('not today');
  },
});`;
    const { code, err } = await check('init.ts', text);
    expect(code).toBe(1);
    expect(err).toContain('init.ts:8:11: the hook init threw Error: not today\n  8 |     throw new Error(');
  });

  test('shows a cycle that init makes', async () => {
    const text = `import { backend, defineConfig, roundRobin } from 'troupe';
const b1 = backend({ host: '127.0.0.1' });
const inner = roundRobin([b1]);
const outer = roundRobin([inner]);
export default defineConfig({
  backends: { b1 },
  directors: { inner, outer },
  init: () => inner.addBackend(outer),
});`;
    const { code, err } = await check('cycle.ts', text);
    expect(code).toBe(1);
    expect(err).toContain('outer contains itself: inner -> outer -> inner.');
  });

  test('says what is wrong with a file that is none', async () => {
    let err = '';
    const code = await runCheck('no/such/file.ts', {
      out: () => {},
      err: (text) => (err += text),
      color: false,
    });
    expect({ code, err }).toEqual({ code: 1, err: 'no/such/file.ts: there is no such file.\n' });
  });
});
