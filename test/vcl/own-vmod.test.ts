import { afterEach, describe, expect, test } from 'vitest';
import { runCheck } from '../../src/cli/check.ts';
import { createProxy } from '../../src/create-proxy.ts';
import type { TroupeProxy } from '../../src/troupe-proxy.ts';
import { defineVmod, vmodFunction, vmodMethod, vmodObject } from '../../src/vcl/define-vmod.ts';
import { ConfigFolder } from '../config/config-folder.ts';
import { ask } from './ask.ts';

const folder = new ConfigFolder();
let proxy: TroupeProxy | undefined;

afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});

const text = `import { defineVmod, vmodFunction, vmodMethod, vmodObject } from 'troupe';

interface Counter { count: number }

export default defineVmod({
  name: 'text',
  functions: [
    vmodFunction('STRING repeat(STRING s, INT times = 2)', (_context, s: string | undefined, times: number) => (s ?? '').repeat(times)),
    vmodFunction('STRING upper(STRANDS s, [STRING tail], ENUM {UP, DOWN} way = UP)', (_context, s: string, tail: string | undefined, way: string) =>
      (way === 'UP' ? s.toUpperCase() : s.toLowerCase()) + (tail ?? '-')),
    vmodFunction('BOOL from(IP ip, STRING address)', (_context, ip: { ip: string }, address: string | undefined) => ip.ip === address),
    vmodFunction('VOID note(STRING s)', ({ log }, s: string | undefined) => log(s ?? ''), 'vcl_recv'),
    vmodFunction('STRING wide()', () => '\\u20ac'),
    vmodFunction('INT wrong()', () => 'one'),
    vmodFunction('VOID late()', async () => {}),
  ],
  objects: [
    vmodObject('counter(INT start = 0)', (_name, [start]): Counter => {
      if (Number(start) < 0) throw new RangeError('start must be from 0');
      return { count: Number(start) };
    }, [
      vmodMethod('INT next(INT step = 1)', (_context, self: Counter, step: number) => (self.count += step)),
    ]),
  ],
});
`;

function program(body: string, init = '', recv = ''): string {
  return folder.write(
    'own.vcl',
    `vcl 4.1; import text; backend b none;
sub vcl_init { ${init} return (ok); }
sub vcl_recv { ${recv} return (synth(200)); }
sub vcl_synth { ${body} return (deliver); }
`,
  );
}

async function report(file: string, vmods: readonly string[]): Promise<string> {
  let said = '';
  const hear = (words: string) => {
    said += words.replaceAll(folder.path, '');
  };
  await runCheck(file, { out: hear, err: hear, color: false }, vmods);
  return said;
}

async function serve(body: string, init = '', recv = ''): Promise<number> {
  const vmod = folder.write('text.ts', text);
  proxy = createProxy(program(body, init, recv), { vcl: { vmods: [vmod] } });
  const { port } = await proxy.listen({ port: 0, host: '127.0.0.1' });
  return port;
}

describe("a user's own vmod", () => {
  test('has functions with defaults, names and enumerations, and objects', async () => {
    const port = await serve(
      `set resp.http.A = text.repeat("ab") + text.repeat("x", 3) + text.repeat(times = 1, s = req.url);
       set resp.http.B = text.upper("a" + req.url) + text.upper("B", "!", DOWN) + text.upper("c", way = DOWN);
       set resp.http.C = text.from(client.ip, "127.0.0.1");
       set resp.http.D = tens.next() + ":" + tens.next(step = 10) + ":" + ones.next();`,
      'new tens = text.counter(10); new ones = text.counter();',
    );
    const { headers } = await ask(port, '/u');
    expect(headers).toMatchObject({ a: 'ababxxx/u', b: 'A/U-b!c-', c: 'true', d: '11:21:1' });
  });

  test.each([
    ['text.wide()', 'set req.http.A = text.wide();'],
    ['text.wrong()', 'set req.http.A = text.wrong();'],
    ['text.late()', 'text.late();'],
  ])('%s, which gives what it may not, costs the request a 503', async (_what, body) => {
    expect(await ask(await serve('', '', body), '/')).toMatchObject({ status: 503 });
  });

  test('is checked like any other', async () => {
    const vmod = folder.write('text.ts', text);
    const file = program(
      'set resp.http.A = text.repeat(); text.note("a"); set resp.http.B = text.upper("a", way = LEFT);',
    );
    expect(await report(file, [vmod])).toMatch(
      /Argument 's' missing[\s\S]*Wrong enum value\. Expected one of: UP, DOWN/,
    );
    const noted = program('text.note("a");');
    expect(await report(noted, [vmod])).toContain("Not available in subroutine 'vcl_synth'.");
    const negative = program('', 'new c = text.counter(-1);');
    expect(await report(negative, [vmod])).toContain('start must be from 0');
  });

  test('is unknown where it is not named, and the known ones are listed', async () => {
    const said = await report(program(''), []);
    expect(said).toContain('Could not find VMOD text');
    expect(said).toContain('There are directors, peer, purge, saintmode, std.');
  });

  test('must export what defineVmod made, and have a name of its own', async () => {
    const nothing = folder.write(
      'nothing.ts',
      'export default { name: "text", functions: {}, objects: {} };',
    );
    expect(await report(program(''), [nothing])).toContain(
      "a vmod's default export is what defineVmod() returns",
    );
    const other = folder.write('other.ts', text.replace("name: 'text'", "name: 'std'"));
    expect(await report(program(''), [other])).toContain('there is a vmod std already');
    expect(await report(program(''), [folder.write('broken.ts', 'export default 1 +;')])).toMatch(
      /broken\.ts:1:\d+/,
    );
  });

  test('has prototypes that are understood, or says which is not', () => {
    const run = () => '';
    expect(() => vmodFunction('TEXT a()', run)).toThrow('there is no type TEXT in VCL');
    expect(() => vmodFunction('STRING a(text)', run)).toThrow('this is no parameter: text');
    expect(() => vmodFunction('STRING a', run)).toThrow('this is no prototype: STRING a');
    expect(() => vmodFunction('STRING .a()', run)).toThrow('a function must have a name');
    expect(() => defineVmod({ name: 'a-b' })).toThrow('a vmod must have a name');
    const twice = vmodFunction('STRING a()', run);
    expect(() => defineVmod({ name: 'x', functions: [twice, twice] })).toThrow('x.a is there twice');
    const object = vmodObject('a()', () => ({}), [vmodMethod('VOID b()', () => {})]);
    expect(() => defineVmod({ name: 'x', functions: [twice], objects: [object] })).toThrow(
      'x.a is a function and an object',
    );
  });
});
