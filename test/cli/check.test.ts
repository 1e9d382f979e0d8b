import { afterAll, describe, expect, test } from 'vitest';
import { type CheckOutput, runCheck, runUpgrade } from '../../src/cli/check.ts';
import { ConfigFolder } from '../config/config-folder.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

type Run = (file: string, output: CheckOutput) => Promise<number>;

async function check(name: string, text: string, run: Run = runCheck) {
  const file = folder.write(name, text);
  let out = '';
  let err = '';
  const code = await run(file, {
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

describe('troupe check of VCL', () => {
  const backend = 'backend b1 { .host = "127.0.0.1"; }';

  test('counts what a valid program has', async () => {
    const text = `vcl 4.1; import directors; ${backend}
sub vcl_init { new app = directors.round_robin(); app.add_backend(b1); }
sub vcl_recv { set req.backend_hint = app.backend(); }`;
    expect(await check('valid.vcl', text)).toEqual({
      code: 0,
      out: `${folder.path}/valid.vcl is valid: 1 backend, 1 director, 0 saintmode objects\n`,
      err: '',
    });
  });

  test('tells several mistakes, each with its line and all that it is about', async () => {
    const text = `vcl 4.1;
${backend}
sub vcl_recv {
  set req.htp.X = "1";
  if (req.url ~ "(") { return (pass); }
  unset req.url;
}`;
    const { code, out, err } = await check('wrong.vcl', text);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(`${folder.path}/wrong.vcl:4:7: Symbol not found: 'req.htp.X'
  4 |   set req.htp.X = "1";
    |       ^^^^^^^^^
`);
    expect(err.match(/^\S+wrong\.vcl:\d+/gm)?.map((place) => place.split(':').at(-1))).toEqual([
      '4',
      '5',
      '6',
    ]);
  });

  test('tells of a program of two dialects what is which', async () => {
    const text = `${backend}\nsub vcl_fetch { }\nsub vcl_synth { }`;
    expect(await check('mixed.vcl', text)).toEqual({
      code: 1,
      out: '',
      err: `${folder.path}/mixed.vcl:3:1: 'vcl_fetch' is of Varnish 3, and 'vcl_synth' of Varnish 4 and later: one program cannot have both.
  3 | sub vcl_synth { }
    | ^^^^^^^^^^^^^
  'vcl_fetch' is on line 2. Write all of it for the one or for the other.
`,
    });
  });

  test.each([
    ['nothing at all', ''],
    ['only blanks and comments', ' \n# nothing\n'],
    ['no text', '\0\x01\xff\ufffd{"'],
    ['an include of itself', 'vcl 4.1; include "odd.vcl";'],
    ['an include of a folder', 'vcl 4.1; include "..";'],
    ['more brackets than anybody writes', `vcl 4.1; ${backend} sub vcl_recv { if (${'('.repeat(5_000)}`],
    ['more blocks than anybody writes', `vcl 4.1; ${backend} sub vcl_recv ${'{'.repeat(5_000)}`],
    ['a sub that calls itself', `${backend} sub a { call a; } sub vcl_fetch { call a; }`],
    ['a vcl_init that fails', `vcl 4.1; ${backend} sub vcl_init { return (fail("not today")); }`],
    ['a vmod that there is not', `vcl 4.1; import cookie; ${backend}`],
  ])('says what is wrong with %s', async (_what, text) => {
    for (const run of [runCheck, runUpgrade]) {
      const { code, out, err } = await check('odd.vcl', text, run);
      // Printing does not try what vcl_init does.
      if (run === runUpgrade && text.includes('fail(')) continue;
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).not.toBe('');
      expect(err).not.toMatch(/^\s+at /m);
      expect(err).not.toMatch(/\bError\b/);
    }
  });
});

describe('troupe check --upgrade', () => {
  const old = 'backend b1 { .host = "127.0.0.1"; }\nsub vcl_recv { remove req.http.Cookie; }';

  test('prints a program of Varnish 3 in VCL 4.1, which is valid and stays as it is', async () => {
    const { code, out, err } = await check('old.vcl', old, runUpgrade);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^vcl 4\.1;\n\nbackend b1 \{\n {4}\.host = "127\.0\.0\.1";\n\}\n/);
    expect(out).toContain('sub vcl_recv {\n    unset req.http.Cookie;\n}\n');
    expect(await check('new.vcl', out)).toMatchObject({ code: 0 });
    expect(await check('new.vcl', out, runUpgrade)).toEqual({ code: 0, out, err: '' });
  });

  test('prints one of VCL 4.0 in 4.1', async () => {
    const text = 'vcl 4.0; backend b1 { .host = "127.0.0.1"; }';
    const { out } = await check('forty.vcl', text, runUpgrade);
    expect(out).toBe('vcl 4.1;\n\nbackend b1 {\n    .host = "127.0.0.1";\n}\n');
  });

  test('tells what 4.1 has no more', async () => {
    const text = `vcl 4.0; backend b1 { .host = "127.0.0.1"; }
sub vcl_backend_response { set beresp.http.X = beresp.storage_hint; }`;
    const { code, err } = await check('hint.vcl', text, runUpgrade);
    expect(code).toBe(1);
    expect(err).toContain("hint.vcl:2:55: Unknown property 'storage_hint' for type HTTP");
  });

  test('keeps bytes that are not ASCII as they are', async () => {
    const text =
      'vcl 4.1; backend b1 { .host = "127.0.0.1"; } sub vcl_recv { set req.http.X = "Käse"; } # süß';
    const { out } = await check('bytes.vcl', text, runUpgrade);
    expect(out).toContain('set req.http.X = "Käse";');
    expect(out).toContain('# süß');
  });

  test('takes VCL only', async () => {
    const { code, err } = await check('valid.ts', head, runUpgrade);
    expect({ code, err }).toEqual({
      code: 1,
      err: `${folder.path}/valid.ts: only VCL files (.vcl) can be upgraded.\n`,
    });
  });
});
