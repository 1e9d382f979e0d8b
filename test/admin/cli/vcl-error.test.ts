import { expect, test } from 'vitest';
import { replyOfVclError } from '../../../src/admin/cli/vcl-error.ts';
import { loadVclText } from '../../../src/vcl/load-vcl.ts';

async function refusal(text: string): Promise<string> {
  try {
    await loadVclText('<vcl.inline>', text);
  } catch (error) {
    return replyOfVclError(error, text).text;
  }
  throw new Error('the program was accepted');
}

test('a line is shown with its tabs as blanks, and the place is counted so', async () => {
  const text = 'vcl 4.1;\nbackend b none;\n\tsub vcl_deliver {\tset obj.ttl = 1w; }\n';
  expect(await refusal(text)).toContain(`Variable is read only.
('<vcl.inline>' Line 3 Pos 37)
        sub vcl_deliver {       set obj.ttl = 1w; }
------------------------------------#######--------
`);
});

test('subs are told through which a mistake is come to, as varnishd tells them', async () => {
  const text = 'vcl 4.1;\nbackend b none;\n\tsub bar { call foo; }\n\tsub foo { call bar; }\n';
  expect(await refusal(text)).toContain(`Subroutine recurses on
('<vcl.inline>' Line 3 Pos 13)
        sub bar { call foo; }
------------###--------------


...called from "foo"
('<vcl.inline>' Line 4 Pos 24)
        sub foo { call bar; }
-----------------------###---


...called from "bar"
('<vcl.inline>' Line 3 Pos 24)
        sub bar { call foo; }
-----------------------###---

`);
});

test('a name that nobody knows is told with its place behind "At:"', async () => {
  const text = 'vcl 4.1;\nbackend b none;\nsub vcl_recv { set req.foobar = 3; }\n';
  expect(await refusal(text)).toContain(
    "Symbol not found: 'req.foobar'\nAt: ('<vcl.inline>' Line 3 Pos 20)\n",
  );
});
