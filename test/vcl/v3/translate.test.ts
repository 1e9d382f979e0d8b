/** Each construct of Varnish 3 as it is written in VCL 4.1, and what is refused. */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { mistakesOf } from '../../../src/config/combined-error.ts';
import { TroupeError } from '../../../src/errors.ts';
import { upgradeVclFile } from '../../../src/vcl/load-vcl.ts';
import { ConfigFolder, shown } from '../../config/config-folder.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const backend = 'backend b1 { .host = "127.0.0.1"; }';

/** The 4.1 of a program; what every program gets is left out. */
async function upgraded(program: string): Promise<string> {
  const text = await upgradeVclFile(folder.write('old.vcl', program));
  return text
    .replace(/^vcl 4\.1;\n\n/, '')
    .replace(/backend b1 \{\n {4}\.host = "127\.0\.0\.1";\n\}\n\n/, '')
    .replace(/\n# What Varnish 3.s built-in VCL[\s\S]*$/, '')
    .trim();
}

/** A statement in a sub, and what becomes of it, in one line. */
async function statement(sub: string, text: string): Promise<string> {
  // Something that is of Varnish 3 for sure, and comes to nothing.
  const program = `${backend} sub ${sub} { ${text} } sub vcl_error { return (deliver); }`;
  const result = await upgraded(program);
  const found = /^sub \w+ \{\n([\s\S]*?)^\}/m.exec(result)?.[1] ?? '';
  return found.replace(/\s+/g, ' ').trim();
}

/** The mistakes of a program, as `LINE:COLUMN message`. */
async function mistakes(program: string): Promise<readonly string[]> {
  try {
    await upgradeVclFile(folder.write('wrong.vcl', program));
  } catch (error) {
    if (error instanceof TroupeError) return mistakesOf(error).map(shown);
    throw error;
  }
  return [];
}

describe('a statement', () => {
  test.each([
    ['vcl_recv', 'set req.request = "GET";', 'set req.method = "GET";'],
    ['vcl_recv', 'if (req.request ~ "^G") { return (lookup); }', 'if (req.method ~ "^G") { return (hash); }'],
    ['vcl_recv', 'set req.backend = b1;', 'set req.backend_hint = b1;'],
    ['vcl_recv', 'remove req.http.Cookie;', 'unset req.http.Cookie;'],
    ['vcl_recv', 'set req.http.a.b = "1";', 'set req.http."a.b" = "1";'],
    ['vcl_recv', 'error 404 "Not found";', 'return (synth(404, "Not found"));'],
    ['vcl_recv', 'error 404, "Not found";', 'return (synth(404, "Not found"));'],
    ['vcl_recv', 'error(404, "Not" + " found");', 'return (synth(404, "Not" + " found"));'],
    ['vcl_recv', 'error 404 req.url;', 'return (synth(404, req.url));'],
    ['vcl_recv', 'error 404;', 'return (synth(404));'],
    ['vcl_hit', 'set req.http.X = obj.hits;', 'set req.http.X = obj.hits;'],
    ['vcl_pass', 'return (pass);', 'return (fetch);'],
    ['vcl_pass', 'set bereq.http.X = bereq.url;', 'set req.http.X = req.url;'],
    ['vcl_pipe', 'set bereq.http.connection = "close";', 'set bereq.http.connection = "close";'],
    ['vcl_pipe', 'set bereq.request = "GET";', 'set bereq.method = "GET";'],
    ['vcl_hash', 'return (hash);', 'return (lookup);'],
    ['vcl_deliver', 'set resp.response = "Fine";', 'set resp.reason = "Fine";'],
    ['vcl_fetch', 'set beresp.ttl = 120 s;', 'set beresp.ttl = 120s;'],
    ['vcl_fetch', 'return (hit_for_pass);', 'return (pass(beresp.ttl));'],
    [
      'vcl_fetch',
      'set beresp.http.X = req.http.Y + client.ip;',
      'set beresp.http.X = bereq.http.Y + client.ip;',
    ],
    [
      'vcl_error',
      'set obj.http.X = obj.status + obj.response;',
      'set resp.http.X = resp.status + resp.reason;',
    ],
    ['vcl_error', 'synthetic "a" + obj.status;', 'set resp.body = "a" + resp.status;'],
  ])('in %s: %s', async (sub, old, now) => {
    expect(await statement(sub, old)).toBe(now);
  });

  test.each([
    ['vcl_hit', 'purge;', 'import purge;', 'purge.hard();'],
    ['vcl_hit', 'set obj.ttl = 0s;', 'import purge;', 'purge.soft();'],
    [
      'vcl_recv',
      'if (!req.backend.healthy) { error 503; }',
      'import std;',
      'if (!std.healthy(req.backend_hint)) {',
    ],
    ['vcl_recv', 'set req.http.X = server.port;', 'import std;', 'set req.http.X = std.port(server.ip);'],
    ['vcl_fetch', 'set beresp.saintmode = 20s;', 'import saintmode;', 'saintmode.blacklist(20s);'],
    ['vcl_fetch', 'set beresp.saintmode = 0s;', 'import std;', 'std.log("beresp.saintmode:'],
    [
      'vcl_fetch',
      'set beresp.saintmode = beresp.ttl;',
      'import saintmode;',
      'if (beresp.ttl > 0s) {\n        saintmode.blacklist(beresp.ttl);\n    } else {\n        std.log(',
    ],
  ])('in %s: %s, with a vmod', async (sub, old, imported, now) => {
    const text = await upgraded(`${backend} sub ${sub} { ${old} } sub vcl_error { return (deliver); }`);
    expect(text).toContain(imported);
    expect(text).toContain(now);
  });
});

describe('a program', () => {
  test('has its directors made in vcl_init, before its own vcl_init', async () => {
    const text = await upgraded(`${backend} backend b2 { .host = "::1"; }
      director app random { { .backend = b1; .weight = 3; } { .backend = b2; .weight = 1; } }
      sub vcl_init { return (ok); }
      sub vcl_recv { if (req.url == "/") { set req.backend = app; } }`);
    expect(text).toBe(`import directors;

backend b2 {
    .host = "::1";
}

# Varnish 3's directors and saint lists, which are objects now.
sub vcl_init {
    new app = directors.random();
    app.add_backend(b1, 3);
    app.add_backend(b2, 1);
}

sub vcl_init {
    return (ok);
}

sub vcl_recv {
    if (req.url == "/") {
        set req.backend_hint = app.backend();
    }
}`);
  });

  test('keeps a name for itself that a vmod would have had', async () => {
    const text = await upgraded(`${backend} acl purge { "127.0.0.1"; } backend std { .host = "::1"; }
      sub vcl_recv { if (client.ip ~ purge && req.backend.healthy) { set req.backend = std; } }
      sub vcl_hit { purge; }`);
    expect(text).toContain('import std as vmod_std;\nimport purge as vmod_purge;');
    expect(text).toContain('if (client.ip ~ purge && vmod_std.healthy(req.backend_hint)) {');
    expect(text).toContain('set req.backend_hint = std;');
    expect(text).toContain('vmod_purge.hard();');
  });

  test('has one of its subs twice where it means two things', async () => {
    const text = await upgraded(`${backend}
      sub both { set req.http.X = "1"; call inner; }
      sub inner { if (req.url ~ "x") { error 404 "No"; } }
      sub vcl_recv { call both; }
      sub vcl_miss { call both; }
      sub vcl_error { call asked; }
      sub vcl_deliver { call asked; }
      sub vcl_fetch { call asked2; }
      sub vcl_pass { call asked2; }
      sub asked { set req.http.Y = req.request; }
      sub asked2 { if (req.request == "GET") { error 405; } }`);
    expect(text.match(/^sub (?!vcl_).*/gm)).toEqual([
      'sub both {',
      'sub inner {',
      'sub asked {',
      'sub asked2 {',
      'sub asked2_pass {',
    ]);
    expect(text).toContain('sub vcl_pass {\n    call asked2_pass;\n}');
  });

  test('keeps its comments where they stood', async () => {
    const text = await upgraded(`# A site.
${backend} # the only one

/* What
   comes in */
sub vcl_recv {
  # not these
  remove req.http.Cookie; // for nobody
  if (req.request == "PURGE" || # inside
      req.url == "/") { # behind a brace
    error 405; /* no */
    # at the end
  }
}`);
    expect(text).toBe(`# A site.
backend b1 {
    .host = "127.0.0.1";
} # the only one

/* What
   comes in */
sub vcl_recv {
    # not these
    unset req.http.Cookie; // for nobody
    if (req.method == "PURGE" || req.url == "/") { # inside
        # behind a brace
        return (synth(405)); /* no */
        # at the end
    }
}`);
  });
});

test('a whole program reads like one that somebody wrote', async () => {
  const example = fileURLToPath(new URL('../../../examples/varnish3.vcl', import.meta.url));
  await expect(await upgradeVclFile(example)).toMatchFileSnapshot('varnish3.upgraded.vcl');
});

describe('what cannot be', () => {
  test.each([
    ['sub vcl_recv { return (deliver); }', ['1:24 Invalid return "deliver"']],
    ['sub vcl_recv { lookup; }', ['1:16 Please change "lookup" to "return(lookup)".']],
    ['sub vcl_recv { purge; }', ["1:16 Not a valid action in subroutine 'vcl_recv'."]],
    ['sub vcl_recv { set beresp.ttl = 1s; }', ["1:20 'beresp.ttl': Cannot be set in subroutine 'vcl_recv'."]],
    [
      'sub vcl_deliver { set resp.http.X = obj.status; }',
      ["1:37 'obj.status': Not available in subroutine 'vcl_deliver'."],
    ],
    ['sub vcl_recv { set req.esi = false; }', ['1:20 req.esi is not supported in vcl_recv.']],
    ['sub vcl_recv { panic "no"; }', ['1:16 panic is not supported: no request may end Troupe.']],
    [
      'sub vcl_fetch { set req.backend = b1; }',
      ['1:21 req.backend cannot be changed in vcl_fetch: by then the request has gone where it says.'],
    ],
    [
      'sub vcl_hit { set obj.ttl = 10s; }',
      ['1:19 obj.ttl cannot be changed any more, but for 0s, which expires it.'],
    ],
    ['director d dns { }', ['1:12 director dns is not supported.']],
    ['director d best { }', ["1:12 Unknown director policy: 'best'"]],
    ['director d random { { .backend = b1; } }', ['1:21 Mandatory field .weight missing.']],
    ['director d random { { .backend = b1; .weight = 0; } }', ['1:48 The .weight must be higher than zero.']],
    ['director d round-robin { { .backend = b1; .weight = 1; } }', ["1:44 Unknown field: 'weight'"]],
    ['director d round-robin { .retries = 3; { .backend = b1; } }', ["1:27 Unknown field: 'retries'"]],
    ['director d fallback { { } }', ['1:23 Mandatory field .backend missing.']],
    ['sub vcl_recv { error "text"; }', ['1:22 Expression has type STRING, expected INT']],
    ['sub vcl_recv { set req.backend = nobody; }', ['1:34 Symbol not found: nobody']],
    ['sub vcl_recv { error 404 "a" 5; }', ["1:30 Expected ';' got '5'"]],
  ])('%s', async (text, expected) => {
    const found = await mistakes(`${text}\n${backend} sub vcl_error { }`);
    if (text.includes('nobody')) expect(found[0]).toContain('nobody');
    else expect(found).toEqual(expected);
  });

  test('several are told at once, in their order', async () => {
    const program = `${backend}
sub vcl_recv {
  set beresp.ttl = 1s;
  set req.request = 5s + "a";
  return (deliver);
}
sub vcl_fetch {
  error 404 now;
  set beresp.htp.X = "1";
}`;
    expect(await mistakes(program)).toEqual([
      "3:7 'beresp.ttl': Cannot be set in subroutine 'vcl_recv'.",
      '5:11 Invalid return "deliver"',
      "9:7 Symbol not found: 'beresp.htp.X'",
    ]);
  });

  test('an unused backend is named as it is written', async () => {
    expect(
      await mistakes(
        `${backend} backend b2 { .host = "::1"; }\nsub vcl_fetch { set beresp.saintmode = 1s; }`,
      ),
    ).toEqual(['1:45 Unused backend b2, defined:']);
  });
});
