/** The front end of VCL against any input. `TROUPE_FUZZ=1000000` makes it long. */
import { describe, expect, it } from 'vitest';
import { renderError } from '../../src/config/report.ts';
import { seededRandom } from '../../src/simulation/seeded-random.ts';
import { randomProgram, seedPrograms } from './fuzz/programs.ts';
import { configOf, mistakesOfProgram } from './fuzz/read-program.ts';

const { TROUPE_FUZZ = '2000', TROUPE_FUZZ_SEED = '711' } = process.env;
const runs = Number(TROUPE_FUZZ);

describe('the front end of VCL', () => {
  it('finds every program right, or tells what is wrong and where', {
    timeout: 30_000 + runs * 10,
  }, async () => {
    const seeds = await seedPrograms();
    const random = seededRandom(Number(TROUPE_FUZZ_SEED));
    let right = 0;
    for (let run = 0; run < runs; run++) {
      const program = randomProgram(random, seeds);
      try {
        const mistakes = mistakesOfProgram(program);
        if (mistakes.length === 0) right++;
        for (const { code, message } of mistakes) {
          expect(code).toMatch(/^config\.(?:syntax|invalid)$/);
          expect(message).not.toBe('');
        }
        if (mistakes[0] !== undefined) renderError(mistakes[0]);
      } catch (error) {
        throw new Error(`input ${run}: ${JSON.stringify(program)}`, { cause: error });
      }
    }
    // Among the mutated ones some must be right, or the fuzz tries nothing behind the parser.
    expect(right).toBeGreaterThan(runs / 200);
  });

  it('tells branches apart, however many there are', async () => {
    const inner = (i: number) =>
      `if (req.url == "/${i}/0") { return (pass); } ${Array.from({ length: 120 }, (_, j) => `elseif (req.url == "/${i}/${j}") { return (synth(${200 + j})); }`).join('\n')} else { return (synth(404)); }`;
    const branches = Array.from(
      { length: 150 },
      (_, i) => `if (req.url ~ "^/${i}/") { ${i % 50 === 0 ? inner(i) : `return (synth(${400 + i}));`} }`,
    );
    const program = `vcl 4.1; backend b { .host = "127.0.0.1"; } sub vcl_recv { ${branches.join(' else ')} else { return (pipe); } }`;
    const recv = configOf(program).hooks.recv;
    const answer = (url: string) => recv?.({ req: { url } } as Parameters<NonNullable<typeof recv>>[0]);
    expect(answer('/0/0')).toBe('pass');
    expect(answer('/100/119')).toMatchObject({ synth: 319 });
    expect(answer('/100/120')).toMatchObject({ synth: 404 });
    expect(answer('/149/')).toMatchObject({ synth: 549 });
    expect(answer('/150/')).toBe('pipe');
  });

  const deep = 100_000;
  const inRecv = (text: string) => `vcl 4.1; backend b { .host = "127.0.0.1"; } sub vcl_recv { ${text} }`;
  it.each([
    ['parentheses', inRecv(`if (${'('.repeat(deep)}true${')'.repeat(deep)}) { }`)],
    ['blocks', inRecv('{'.repeat(deep) + '}'.repeat(deep))],
    ['ifs', inRecv('if (true) {'.repeat(deep / 5) + '}'.repeat(deep))],
    ['elses', inRecv(`if (true) { }${' else if (true) { }'.repeat(deep / 5)}`)],
    ['nots', inRecv(`if (${'!('.repeat(deep)}true${')'.repeat(deep)}) { }`)],
    ['minuses', inRecv(`if (${'-'.repeat(deep)}1 == 1) { }`)],
    ['sums', inRecv(`set req.url = "a"${' + "a"'.repeat(deep)};`)],
    ['products', inRecv(`if (1${' * 1'.repeat(deep)} == 1) { }`)],
    ['ands', inRecv(`if (true${' && true'.repeat(deep)}) { }`)],
    ['calls', inRecv(`set req.url = ${'regsub('.repeat(deep)}"a"`)],
    ['properties', inRecv(`set req.url = req.url${'.lower()'.repeat(deep)};`)],
    ['names', inRecv(`set req${'.a'.repeat(deep)} = 1;`)],
    ['fields', `vcl 4.1; backend b { ${'.probe = {'.repeat(deep)}`],
    ['statements', inRecv('set req.url = "/";'.repeat(deep / 10))],
    [
      'subs',
      `${inRecv('call s0;')}${Array.from({ length: 1_000 }, (_, i) => `sub s${i} { call s${i + 1}; }`).join(' ')} sub s1000 { }`,
    ],
    [
      'calls of two',
      `${inRecv('call s0;')}${Array.from({ length: 40 }, (_, i) => `sub s${i} { call s${i + 1}; call s${i + 1}; }`).join(' ')} sub s40 { }`,
    ],
    ['comments', '/*'.repeat(deep)],
    ['quotes', '"'.repeat(deep)],
    ['groups', inRecv(`if (req.url ~ "${'('.repeat(deep)}") { }`)],
    ['sets', inRecv(`if (req.url ~ "${'['.repeat(deep)}") { }`)],
    ['alternatives', inRecv(`if (req.url ~ "${'a|'.repeat(deep / 10)}") { }`)],
    ['letters', inRecv(`if (req.url ~ "${'a'.repeat(deep / 10)}") { }`)],
  ])('reads very many %s, or says that they are too many', (_what, program) => {
    for (const { message } of mistakesOfProgram(program)) expect(message).not.toBe('');
  });
});
