import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { needVarnishd } from '../support/varnishd.ts';
import {
  askTroupe,
  askVarnishd,
  readWrongPrograms,
  type Verdict,
  type WrongProgram,
} from './wrong-programs/wrong-programs.ts';

const folder = join(import.meta.dirname, 'wrong-programs');
const golden = JSON.parse(await readFile(join(folder, 'varnishd-7.1.1.json'), 'utf8')) as Record<
  string,
  Verdict | null
>;
const programs = await readWrongPrograms();
const answers = new Map<string, Awaited<ReturnType<typeof askTroupe>>>();
for (const program of programs) answers.set(program.title, await askTroupe(program));

describe('wrong programs', () => {
  test('are more than a hundred, of different titles', () => {
    expect(programs.filter(({ title }) => golden[title] !== null).length).toBeGreaterThan(300);
    expect(new Set(programs.map(({ title }) => title)).size).toBe(programs.length);
  });

  it.each(programs)('$title: rejected on the line on which varnishd rejects it', (program) => {
    const expected = golden[program.title];
    expect(expected, 'what varnishd says is not recorded').not.toBeUndefined();
    const said = answers.get(program.title);
    if (expected === null) expect(said?.report).toBeUndefined();
    else
      expect(said === undefined ? 'accepted' : place(said.verdict), said?.report).toBe(
        where(expected, program),
      );
  });

  test('are told as a person wants to read it', async () => {
    const reports = [];
    for (const program of programs) {
      const said = answers.get(program.title);
      if (said !== undefined) reports.push(`=== ${program.title}\n${said.report}\n`);
    }
    await expect(reports.join('\n')).toMatchFileSnapshot('wrong-programs/reports.txt');
  });

  it.each([
    [
      'sub vcl_backend_response {\n  set beresp.do_esi = true;\n}',
      'main.vcl:3:7: beresp.do_esi is not supported: Troupe does no ESI.',
    ],
    ['sub vcl_recv {\n  C{ int i; }C\n}', 'main.vcl:3:3: Inline-C not allowed'],
    ['import xkey;', 'main.vcl:2:8: Could not find VMOD xkey'],
    [
      'sub vcl_recv {\n  if (req.url ~ "a(?R)?b") { }\n}',
      'main.vcl:3:17: Regexp compilation error: Troupe cannot match recursion',
    ],
    [
      'sub vcl_recv {\n  set req.http.{"a\nb"} = "c";\n}',
      "main.vcl:3:16: Invalid character '\\n' in header name.",
    ],
    ['sub vcl_recv {\n  unset req.http."a:b";\n}', "main.vcl:3:18: Invalid character ':' in header name."],
    ['sub vcl_recv {\n  unset req.http."";\n}', "main.vcl:3:18: Invalid character '' in header name."],
    [
      `sub vcl_recv {\n  unset req.http.${'buckingham'.repeat(13)};\n}`,
      'main.vcl:3:18: HTTP header (buckinghambuckingham..) is too long.',
    ],
  ])('%j is refused by Troupe in a sentence', async (text, report) => {
    const title = 'of Troupe alone';
    const frame = 'vcl 4.1; backend b0 { .host = "127.0.0.1"; }\n';
    const said = await askTroupe({ title, files: new Map([['main.vcl', frame + text]]) });
    expect(said?.report).toContain(report);
  });

  test('tell all their mistakes in one run', async () => {
    const text = `vcl 4.1; backend b0 { .host = "127.0.0.1"; }
sub vcl_recv {
  set req.frob = "a";
  if (req.restarts == "1") { unset req.method; }
  call b0;
}
backend b1 { .port = "80"; }
`;
    const said = await askTroupe({ title: 'several', files: new Map([['main.vcl', text]]) });
    expect(said?.report.match(/^main\.vcl:\d+/gm)).toEqual([3, 4, 4, 5, 7].map((line) => `main.vcl:${line}`));
  });

  test('are rejected by varnishd as recorded', async (context) => {
    needVarnishd(context);
    for (const program of programs) {
      if (golden[program.title] === null) continue;
      expect(await askVarnishd(program), program.title).toEqual(golden[program.title]);
    }
  });
});

/** Where varnishd reads on into the built-in VCL, Troupe says that the file has ended. */
function where(expected: Verdict | undefined, { files }: WrongProgram): string | undefined {
  if (expected?.file !== '<builtin>') return expected && place(expected);
  const [[file, text]] = [...files] as [[string, string]];
  return place({ file, line: text.trimEnd().split('\n').length, message: '' });
}

function place({ file, line }: Verdict): string {
  return line === 0 ? 'somewhere' : `${file}:${line}`;
}
