import { describe, expect, test } from 'vitest';
import { lex } from '../../../src/vcl/lexer.ts';
import { VclMistake } from '../../../src/vcl/mistake.ts';
import { VclSource } from '../../../src/vcl/source.ts';
import { dialectOf } from '../../../src/vcl/v3/dialect.ts';

const dialect = (text: string) => dialectOf(lex(new VclSource('test.vcl', text)));

function mistake(text: string): { message: string; marked: string; advice: string | undefined } {
  try {
    dialect(text);
  } catch (error) {
    if (!(error instanceof VclMistake)) throw error;
    const { message, first, last, advice } = error;
    return { message, marked: text.slice(first?.start, last?.end), advice };
  }
  throw new Error('it has no mistake');
}

/** What only Varnish 3 has, each in the sub that it stands in. */
const old = [
  'sub vcl_fetch { }',
  'sub vcl_error { }',
  'director a random { }',
  'backend b { .host = "::1"; .saintmode_threshold = 2; }',
  'sub vcl_recv { if (req.request == "GET") { } }',
  'sub vcl_recv { set req.backend = b; }',
  'sub vcl_recv { if (req.backend.healthy) { } }',
  'sub vcl_pipe { set bereq.request = "GET"; }',
  'sub vcl_recv { error 404 "Not found"; }',
  'sub vcl_recv { error 404, "Not found"; }',
  'sub vcl_recv { error(404, "Not found"); }',
  'sub vcl_hit { purge; }',
  'sub vcl_recv { remove req.http.Cookie; }',
  'sub a { synthetic {"text"}; }',
  'sub vcl_recv { rollback; }',
  'sub vcl_recv { ban_url("/"); }',
  'sub vcl_recv { return (lookup); }',
  'sub vcl_hash { return (hash); }',
  'sub vcl_pass { return (pass); }',
  'sub a { return (hit_for_pass); }',
  'sub vcl_deliver { set resp.response = "Fine"; }',
];

/** What only Varnish 4 has. */
const current = [
  'vcl 4.0;',
  'vcl 4.1;',
  'import directors;',
  'sub vcl_synth { }',
  'sub vcl_backend_response { }',
  'sub vcl_builtin_recv { }',
  'sub vcl_init { new a = directors.random(); }',
  'sub vcl_recv { set req.method = "GET"; }',
  'sub vcl_recv { set req.backend_hint = b; }',
  'sub a { set bereq.backend = b; }',
  'sub vcl_recv { return (hash); }',
  'sub vcl_recv { return (synth(404)); }',
  'sub vcl_hash { return (lookup); }',
  'sub vcl_pass { return (fetch); }',
  'sub a { return (retry); }',
  'sub vcl_deliver { set resp.reason = "Fine"; }',
  'sub a { set req.http.X = """text"""; }',
];

/** What both have. */
const common = [
  'backend b { .host = "::1"; }',
  'import std;',
  'sub vcl_recv { set req.http.X = "1"; unset req.http.Y; return (pass); }',
  'sub vcl_deliver { return (restart); }',
  'sub vcl_init { peer.set("127.0.0.1", 80); return (ok); }',
  'sub a { set req.http.error = "error 404"; peer.purge(); }',
  'acl purge { "127.0.0.1"; } sub vcl_recv { if (client.ip ~ purge) { return (pipe); } }',
];

describe('a program', () => {
  test.each(old)('is of Varnish 3: %s', (text) => {
    expect(dialect(text)).toEqual({ name: '3', hasVersion: false });
  });

  test.each(current)('is of Varnish 4: %s', (text) => {
    expect(dialect(text)).toEqual({ name: '4', hasVersion: text.startsWith('vcl ') });
  });

  test.each(common)('could be of both: %s', (text) => {
    expect(dialect(text)).toEqual({ name: 'unknown', hasVersion: false });
  });

  test('of both is wrong, whatever it has of each, and both are named', () => {
    for (const one of old) {
      for (const other of current) {
        for (const text of [`${one}\n${other}`, `${other}\n${one}`]) {
          const { message } = mistake(text);
          expect(message).toMatch(/^'(.+)' is of Varnish 3, and '(.+)' of Varnish 4 and later: /);
        }
      }
    }
  });

  test('is wrong where it changes its dialect', () => {
    expect(mistake('sub vcl_fetch { }\nsub vcl_recv { set req.method = "GET"; }')).toEqual({
      message:
        "'vcl_fetch' is of Varnish 3, and 'req.method' of Varnish 4 and later: one program cannot have both.",
      marked: 'req.method',
      advice: "'vcl_fetch' is on line 1. Write all of it for the one or for the other.",
    });
  });

  test('is right about what it says that it is', () => {
    expect(mistake('sub vcl_recv { error 404 "Not found"; }\nvcl 4.1;')).toMatchObject({ marked: 'error' });
  });
});
