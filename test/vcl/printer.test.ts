/** Programs as text: what is printed is read as the same program, and printed the same again. */

import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plainTest } from 'vitest';
import { lex } from '../../src/vcl/lexer.ts';
import { Mistakes } from '../../src/vcl/mistake.ts';
import { parse } from '../../src/vcl/parser.ts';
import { printProgram } from '../../src/vcl/printer.ts';
import { VclSource } from '../../src/vcl/source.ts';
import type { Declaration } from '../../src/vcl/syntax.ts';
import type { Token } from '../../src/vcl/token.ts';

interface Read {
  readonly declarations: readonly Declaration[];
  readonly tokens: readonly Token[];
  readonly order: ReadonlyMap<Token, number>;
}

function read(text: string): Read {
  const tokens = lex(new VclSource('test.vcl', text));
  const mistakes = new Mistakes();
  const declarations = parse(tokens, mistakes);
  const order = new Map(tokens.map((token, index) => [token, index]));
  expect(mistakes.errors(order).map(({ message }) => `${message}: ${text}`)).toEqual([]);
  return { declarations, tokens, order };
}

const print = ({ declarations, tokens, order }: Read) => printProgram(declarations, tokens, order);

/** A tree without where it stands: of each token what it says. */
function meaning(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(meaning);
  if (typeof node !== 'object' || node === null) return node;
  if ('source' in node && 'kind' in node && 'text' in node)
    return `${String(node.kind)} ${String(node.text)}`;
  const kept = Object.entries(node).filter(
    ([key]) => !['first', 'last', 'open', 'close', 'next'].includes(key),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, meaning(value)]));
}

const aWord = fc.constantFrom('a', 'b1', 'X-Foo', 'purge', 'req', 'http');
const aName = fc.oneof(
  { weight: 3, arbitrary: fc.array(aWord, { minLength: 1, maxLength: 3 }).map((words) => words.join('.')) },
  fc.constant('req.http."x.y z"'),
);
const aString = fc.oneof(
  fc.stringMatching(/^[ -!#-~]{0,8}$/).map((text) => `"${text}"`),
  fc.stringMatching(/^[ -z|~\n]{0,12}$/).map((text) => `{"${text}"}`),
  fc.stringMatching(/^[a-z}{ \n]{0,12}$/).map((text) => `"""${text}"""`),
);
const aNumber = fc.constantFrom('0', '15', '1.5', '-3', '10s', '-1.5h', '2w', '100KB');
const aLeaf = fc.oneof(aString, aNumber, aName, fc.constant(':YWJj:'));

const { expression, term } = fc.letrec<{ expression: string; term: string; sum: string; comparison: string }>(
  (tie) => ({
    term: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'vcl', withCrossShrink: true },
      { weight: 4, arbitrary: aLeaf },
      tie('expression').map((inner) => `(${inner})`),
      fc
        .tuple(aName, fc.array(tie('expression'), { maxLength: 3, depthIdentifier: 'vcl' }))
        .map(([name, args]) => `${name}(${args.join(' , ')})`),
      tie('expression').map((value) => `f(name = ${value})`),
      tie('term')
        .filter((text) => /["):]$/.test(text))
        .map((text) => `${text}.lower()`),
    ),
    sum: fc
      .tuple(
        tie('term'),
        fc.array(fc.tuple(fc.constantFrom('+', '-', '*', '/', '%'), tie('term')), { maxLength: 3 }),
      )
      .map(([first, rest]) => first + rest.map(([operator, one]) => ` ${operator} ${one}`).join('')),
    comparison: fc.oneof(
      tie('sum'),
      fc
        .tuple(tie('sum'), fc.constantFrom('==', '!=', '<', '>=', '~', '!~'), tie('term'))
        .map(([left, operator, right]) => `${left} ${operator} ${right}`),
      tie('sum').map((of) => `!${of}`),
    ),
    expression: fc.oneof(
      tie('comparison'),
      fc
        .array(fc.tuple(fc.constantFrom('&&', '||'), tie('comparison')), { minLength: 1, maxLength: 6 })
        .map((parts) =>
          parts.map(([operator, one], index) => (index === 0 ? one : `${operator} ${one}`)).join(' '),
        ),
    ),
  }),
);

const { block } = fc.letrec<{ block: string; statement: string }>((tie) => ({
  block: fc
    .array(tie('statement'), { maxLength: 4, depthIdentifier: 'block' })
    .map((statements) => `{ ${statements.join('\n')} }`),
  statement: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'block' },
    fc
      .tuple(aName, fc.constantFrom('=', '+=', '-=', '*=', '/='), expression)
      .map(([name, operator, value]) => `set ${name} ${operator} ${value};`),
    aName.map((name) => `unset ${name};`),
    aWord.map((name) => `call ${name};`),
    expression.map((value) => `synthetic(${value});`),
    fc.constantFrom(
      'return;',
      'return (hash);',
      'return (synth(404, "No"));',
      '# a comment\n',
      '/* one\n more */',
    ),
    fc.tuple(aName, expression).map(([name, value]) => `${name}(${value});`),
    tie('block'),
    fc
      .array(fc.tuple(expression, tie('block')), { minLength: 1, maxLength: 3, depthIdentifier: 'block' })
      .map((branches) => branches.map(([condition, body]) => `if (${condition}) ${body}`).join(' else ')),
    fc
      .tuple(expression, tie('block'), tie('block'))
      .map(([condition, body, otherwise]) => `if (${condition}) ${body} else ${otherwise}`),
  ),
}));

const aDeclaration = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(aWord, block).map(([name, body]) => `sub ${name} ${body}`) },
  fc.constantFrom(
    'vcl 4.1;',
    'import std;',
    'import std as s from "path";',
    'backend a { .host = "::1"; .port = "80"; .probe = { .request = "GET / HTTP/1.1" "Host: a"; .interval = 1.5s; } }',
    'backend b none;',
    'backend c { .path = "/run/a"; .probe = p; .max_connections = 5; }',
    'probe p { .url = "/"; .window = 8; }',
    'acl a +log -pedantic { "localhost"; ! "10.0.0.1" / 8; ! ( "::1"/64 ); }',
    '# a comment\n',
  ),
);
const aProgram = fc.array(aDeclaration, { maxLength: 4 }).map((declarations) => declarations.join('\n'));

describe('a printed program', () => {
  test.prop([aProgram])('is read as the same program', (text) => {
    const written = read(text);
    expect(meaning(read(print(written)).declarations)).toEqual(meaning(written.declarations));
  });

  test.prop([aProgram])('is printed the same again', (text) => {
    const printed = print(read(text));
    expect(print(read(printed))).toBe(printed);
  });

  test.prop([aProgram])('has all comments', (text) => {
    const count = (one: string) => one.split(/# a comment|\/\* one\n more \*\//).length;
    // Strings of the program have no such text.
    expect(count(print(read(text)))).toBe(count(text));
  });

  test.prop([term])('has no line that ends in blanks', (one) => {
    const printed = print(read(`sub a { set a = ${one}; }`));
    // Texts may have what they like.
    const texts = lex(new VclSource('test.vcl', printed)).filter(({ kind }) => kind === 'CSTR');
    let outside = '';
    let from = 0;
    for (const { start, end } of texts) {
      outside += `${printed.slice(from, start)}text`;
      from = end;
    }
    outside += printed.slice(from);
    expect(outside).not.toMatch(/[ \t]$/m);
  });

  plainTest('has the shape that people write', () => {
    const text = readFileSync(new URL('printer/ragged.vcl', import.meta.url), 'latin1');
    return expect(print(read(text))).toMatchFileSnapshot('printer/shaped.vcl');
  });
});
