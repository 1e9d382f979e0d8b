import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCheck } from '../../src/cli/check.ts';

test('what is right and worth knowing is told by check', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-vcl-'));
  const file = join(folder, 'a.vcl');
  const program = `vcl 4.1;
import std from "/usr/lib/libvmod_std.so";
backend b { .host = "127.0.0.1"; }
sub vcl_recv {
  if (req.url ~ "^/fine$" && req.url !~ "(a+)+b") {
    set req.url = regsub(req.url, "a.*b.*c.*d", std.tolower(""));
  }
}
`;
  let report = '';
  try {
    await writeFile(file, program);
    const err = (text: string) => {
      report += text.replaceAll(file, 'a.vcl');
    };
    expect(await runCheck(file, { out: () => {}, err, color: false })).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(report).toMatchInlineSnapshot(`
    "a.vcl:2:17: warning: the path is ignored: Troupe brings its own vmod std.
      2 | import std from "/usr/lib/libvmod_std.so";
        |                 ^^^^^^^^^^^^^^^^^^^^^^^^^

    a.vcl:5:41: warning: the tries of this pattern may double with each byte of a hostile text, because a repeat in it can match the same text in several ways. A text of more than 12 bytes is matched in a slower way, of a bounded number of steps.
      5 |   if (req.url ~ "^/fine$" && req.url !~ "(a+)+b") {
        |                                         ^^^^^^^^

    a.vcl:6:35: warning: the tries of this pattern may grow with the length of a hostile text to the power of 4, because 4 repeats can share the same text. A text of more than 32 bytes is matched in a slower way, of a bounded number of steps.
      6 |     set req.url = regsub(req.url, "a.*b.*c.*d", std.tolower(""));
        |                                   ^^^^^^^^^^^^

    "
  `);
});
