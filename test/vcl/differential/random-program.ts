/**
 * Random well-typed programs over a small vocabulary, with requests and answers: few names, so that what one sub
 * writes another one reads.
 */
import { fc } from '@fast-check/vitest';
import type { CaseAnswer, CaseRequest, DifferentialCase } from './read-cases.ts';

/** Where a program can be, and what it has there. */
interface Place {
  readonly sub: string;
  /** Messages whose fields can be read; the first one can be written. */
  readonly messages: readonly string[];
  /** Further texts, numbers and truths. */
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
  readonly durations: readonly string[];
  readonly truths: readonly string[];
  /** Statements of its own. */
  readonly more: readonly string[];
  /** What it may return, each ending in a finite number of steps. */
  readonly returns: readonly string[];
}

const client = { numbers: ['req.restarts'], durations: ['req.grace'] } as const;
const inReq = {
  ...client,
  texts: ['req.url', 'req.method', 'client.ip', 'req.proto'],
  truths: ['client.ip ~ local', 'req.restarts == 0', 'req.can_gzip'],
} as const;
const inBereq = {
  numbers: ['bereq.retries'],
  durations: ['10s'],
  texts: ['bereq.url', 'bereq.method'],
  truths: ['bereq.retries == 0', 'bereq.uncacheable', 'bereq.is_hitmiss'],
} as const;
const inBeresp = {
  numbers: ['bereq.retries', 'beresp.status'],
  durations: ['beresp.grace', 'beresp.keep'],
  texts: ['bereq.url', 'beresp.reason'],
  truths: [...inBereq.truths, 'beresp.uncacheable', 'beresp.status >= 400'],
} as const;

const places: readonly Place[] = [
  {
    ...inReq,
    sub: 'vcl_recv',
    messages: ['req'],
    more: [
      'set req.url = "/" + regsuball(req.http.A, " ", "_");',
      'set req.http.Cookie = req.url;',
      'unset req.http.Cookie;',
      'call shared;',
    ],
    returns: ['pass', 'hash', 'synth(700, "Made in recv")', 'synth(404)', 'fail', 'purge'],
  },
  {
    ...inReq,
    sub: 'vcl_hash',
    messages: ['req'],
    more: ['hash_data(req.http.A);', 'hash_data(req.url);'],
    returns: ['lookup'],
  },
  {
    ...inReq,
    sub: 'vcl_miss',
    messages: ['req'],
    more: ['call shared;'],
    returns: ['fetch', 'pass', 'synth(701)'],
  },
  {
    ...inReq,
    sub: 'vcl_hit',
    messages: ['req', 'obj'],
    more: [],
    returns: ['deliver', 'pass', 'synth(702)'],
  },
  { ...inReq, sub: 'vcl_pass', messages: ['req'], more: ['call shared;'], returns: ['fetch', 'synth(703)'] },
  {
    ...inReq,
    sub: 'vcl_deliver',
    messages: ['resp', 'req'],
    texts: [...inReq.texts, 'resp.reason'],
    numbers: ['req.restarts', 'resp.status', 'obj.hits'],
    truths: [
      ...inReq.truths,
      'obj.hits > 0',
      'req.is_hitmiss',
      'req.is_hitpass',
      'obj.uncacheable',
      'resp.status == 200',
    ],
    more: ['set resp.status = 203;', 'set resp.reason = "Mine";', 'unset resp.http.ETag;'],
    returns: ['deliver', 'synth(704, "Made in deliver")'],
  },
  {
    ...inReq,
    sub: 'vcl_synth',
    messages: ['resp', 'req'],
    texts: [...inReq.texts, 'resp.reason'],
    numbers: ['req.restarts', 'resp.status'],
    truths: [...inReq.truths, 'resp.status >= 700'],
    more: ['synthetic("made: " + resp.reason);', 'set resp.body = "body";', 'set resp.status = 200;'],
    returns: ['deliver'],
  },
  {
    ...inBereq,
    sub: 'vcl_backend_fetch',
    messages: ['bereq'],
    more: ['set bereq.url = "/" + regsuball(bereq.http.B, " ", "_");', 'unset bereq.http.Cookie;'],
    returns: ['fetch', 'abandon', 'error(503, "Made in fetch")'],
  },
  {
    ...inBeresp,
    sub: 'vcl_backend_response',
    messages: ['beresp', 'bereq'],
    more: [
      'set beresp.ttl = 1h;',
      'set beresp.ttl = 0s;',
      'set beresp.grace = 1h;',
      'set beresp.keep = 10s;',
      'set beresp.uncacheable = true;',
      'set beresp.status = 404;',
      'set beresp.do_gzip = true;',
      'if (bereq.retries < 1) { return (retry); }',
    ],
    returns: ['deliver', 'abandon', 'pass', 'pass(1h)', 'error(502, "Made in response")'],
  },
  {
    ...inBeresp,
    sub: 'vcl_backend_error',
    messages: ['beresp', 'bereq'],
    more: [
      'synthetic("failed: " + beresp.reason);',
      'set beresp.status = 200;',
      'set beresp.ttl = 1h;',
      'if (bereq.retries < 1) { return (retry); }',
    ],
    returns: ['deliver', 'abandon'],
  },
];

/** A sub that others call: it runs on both sides of nothing, so it has only what all callers have. */
const shared: Place = { ...inReq, sub: 'shared', messages: ['req'], more: [], returns: [''] };

const names = ['A', 'B', 'C'] as const;
const words = ['""', '"x"', '"yes"', '"a b"', '"x/y"', '{"1"}'] as const;
const patterns = ['"x"', '"^$"', '"[a-c]+"', '"(x|y)"', '"(?i)YES"', '"\\d+"', '"."', '"(^.)"'] as const;
const replacements = ['""', '"[\\1]"', '"-"', '"\\0\\0"'] as const;

function oneOf(items: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...items);
}

function joined(parts: fc.Arbitrary<string>, join: string, maxLength: number): fc.Arbitrary<string> {
  return fc.array(parts, { minLength: 1, maxLength }).map((list) => list.join(join));
}

interface Grammar {
  text: string;
  truth: string;
  statement: string;
}

/** Statements of one place. */
function statementsOf(place: Place): fc.Arbitrary<string> {
  const [written = 'req'] = place.messages;
  const field = fc
    .tuple(oneOf(place.messages), oneOf(names))
    .map(([message, name]) => `${message}.http.${name}`);
  const own = oneOf(names).map((name) => `${written}.http.${name}`);
  const number = fc.oneof(oneOf(place.numbers), fc.integer({ min: 0, max: 9 }).map(String));
  const duration = fc.oneof(oneOf(place.durations), oneOf(['1s', '1500ms', '2m', '0.25s']));
  const { statement } = fc.letrec<Grammar>((tie) => {
    const text = tie('text') as fc.Arbitrary<string>;
    const truth = tie('truth') as fc.Arbitrary<string>;
    const returned = oneOf(place.returns).map((what) => (what === '' ? 'return;' : `return (${what});`));
    const set = fc.tuple(own, oneOf(['=', '=', '=', '+=']), joined(text, ' + ', 2));
    const block = joined(tie('statement') as fc.Arbitrary<string>, ' ', 2);
    return {
      text: fc.oneof(
        { maxDepth: 2, depthIdentifier: 'text' },
        oneOf(words),
        field,
        oneOf(place.texts),
        fc
          .tuple(oneOf(['regsub', 'regsuball']), text, oneOf(patterns), oneOf(replacements))
          .map(([name, ...args]) => `${name}(${args.join(', ')})`),
        fc.tuple(oneOf(['std.toupper', 'std.tolower']), text).map(([name, of]) => `${name}(${of})`),
        // Behind a text, so that it is text as well.
        fc.tuple(oneOf(words), fc.oneof(number, duration)).map(([word, value]) => `${word} + ${value}`),
      ),
      truth: fc.oneof(
        { maxDepth: 2, depthIdentifier: 'truth' },
        field,
        oneOf(place.truths),
        fc.tuple(field, oneOf(['==', '!=', '<', '>']), oneOf(words)).map((parts) => parts.join(' ')),
        fc.tuple(field, oneOf(['==', '!=']), field).map((parts) => parts.join(' ')),
        fc.tuple(field, oneOf(['~', '!~']), oneOf(patterns)).map((parts) => parts.join(' ')),
        fc.tuple(oneOf(place.numbers), oneOf(['==', '<', '>=']), number).map((parts) => parts.join(' ')),
        fc.tuple(oneOf(place.durations), oneOf(['<', '>=']), duration).map((parts) => parts.join(' ')),
        fc.tuple(truth, oneOf(['&&', '||']), truth).map(([a, sign, b]) => `(${a}) ${sign} (${b})`),
        truth.map((of) => `!(${of})`),
      ),
      statement: fc.oneof(
        { maxDepth: 2, depthIdentifier: 'statement' },
        { weight: 6, arbitrary: set.map(([name, sign, value]) => `set ${name} ${sign} ${value};`) },
        { weight: 2, arbitrary: own.map((name) => `unset ${name};`) },
        {
          weight: 3,
          arbitrary: place.more.length === 0 ? own.map((name) => `unset ${name};`) : oneOf(place.more),
        },
        { weight: 1, arbitrary: returned },
        {
          weight: 3,
          arbitrary: fc
            .tuple(truth, block, fc.option(fc.tuple(truth, block)), fc.option(block))
            .map(([condition, body, second, otherwise]) => {
              const elseif = second === null ? '' : ` elseif (${second[0]}) { ${second[1]} }`;
              return `if (${condition}) { ${body} }${elseif}${otherwise === null ? '' : ` else { ${otherwise} }`}`;
            }),
        },
      ),
    };
  });
  return statement;
}

function subOf(place: Place): fc.Arbitrary<string> {
  return fc
    .array(statementsOf(place), { minLength: 1, maxLength: 3 })
    .map((statements) => `sub ${place.sub} {\n${statements.map((one) => `  ${one}\n`).join('')}}\n`);
}

const frame = `vcl 4.1;
import std;
acl local { "127.0.0.1"; }
backend default { .host = "127.0.0.1"; .port = "$PORT1"; }
`;
/** So that everything that is declared is used. */
const uses = 'sub vcl_recv { if (client.ip !~ local) { call shared; } }\n';

const program = fc
  .tuple(
    subOf(shared),
    fc.subarray([...places], { minLength: 1, maxLength: 4 }).chain((some) => fc.tuple(...some.map(subOf))),
  )
  .map(([first, subs]) => frame + first + subs.join('') + uses);

const value = fc.constantFrom('', 'x', 'yes', 'a b', '5', 'x/y');
const fields = fc.array(
  fc.tuple(fc.constantFrom('A', 'B', 'Cookie', 'Accept-Encoding', 'If-None-Match'), value),
  { maxLength: 3 },
);

const request: fc.Arbitrary<CaseRequest> = fc
  .tuple(fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'), fc.constantFrom('/a', '/b?x=1'), fields)
  .map(([method, url, own]) => {
    // A body would be kept for a retry here, and not by varnishd.
    const length: [string, string][] = method === 'POST' ? [['Content-Length', '0']] : [];
    const all: [string, string][] = [['Host', 'example.com'], ...own, ...length];
    return { method, url, version: 'HTTP/1.1', fields: all, body: undefined, waitMs: 0 };
  });

const answer: fc.Arbitrary<CaseAnswer> = fc
  .tuple(
    fc.constantFrom(200, 200, 200, 404, 500, 302),
    fc.array(
      fc.oneof(
        fc.tuple(fc.constantFrom('A', 'B', 'C'), value),
        fc.constantFrom<[string, string]>(
          ['Cache-Control', 'max-age=60'],
          ['Cache-Control', 'no-store'],
          ['Set-Cookie', 'a=b'],
          ['Vary', 'A'],
          ['ETag', '"x"'],
        ),
      ),
      { maxLength: 3 },
    ),
    fc.constantFrom('', 'hello'),
  )
  .map(([status, own, body]) => ({ status, reason: 'Fine', fields: own, body }));

const nothing: CaseAnswer = { status: undefined, reason: '', fields: [], body: '' };

export const randomCase: fc.Arbitrary<DifferentialCase> = fc
  .tuple(
    program,
    fc.array(request, { minLength: 1, maxLength: 3 }),
    // On a connection that was used before, an answer that does not come is asked for once more.
    fc.oneof(
      { weight: 6, arbitrary: fc.array(answer, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant([nothing]) },
    ),
  )
  .map(([vcl, requests, answers]) => ({
    idea: 'random',
    vcl,
    requests,
    answers,
    asked: undefined,
    difference: undefined,
  }));
