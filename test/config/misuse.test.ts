/** Each mistake that a config file can have: the sentence, and the place to the column. */
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigFolder, loadError, mistakesIn, placeOf, shown } from './config-folder.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const head = `import { backend, defineConfig, fallback, hash, random, roundRobin, saintmode, synth } from 'troupe';
const app1 = backend({ host: '127.0.0.1', port: 9001 });
const app2 = backend({ host: '127.0.0.1', port: 9002 });
`;

let written = 0;
function write(text: string, extension = 'ts'): string {
  return folder.write(`misuse-${++written}.${extension}`, text);
}

describe('a mistake is shown where it is', () => {
  test.each<[what: string, source: string, at: string, sentence: string]>([
    [
      'a port that is none',
      `${head}const wrong = backend({
  host: '127.0.0.1',
  port: 70000,
});
export default defineConfig({ backends: { app1, wrong } });`,
      'port: 70000',
      'wrong: port must be between 1 and 65535, but is 70000.',
    ],
    [
      'an option that does not exist',
      `${head}const wrong = backend({ host: '127.0.0.1', prot: 80 } as never);
export default defineConfig({ backends: { wrong } });`,
      'prot: 80',
      "wrong: there is no option 'prot'.",
    ],
    [
      'an option of a probe that stands in a variable of its own',
      `${head}const probe = { url: '/health', interval: 0 };
const wrong = backend({ host: '127.0.0.1', probe });
export default defineConfig({ backends: { wrong } });`,
      'interval: 0',
      'wrong: probe.interval must be longer than 0, but is 0 ms.',
    ],
    [
      'an option that comes by a spread',
      `${head}const common = { maxConnections: -5 };
const wrong = backend({ host: '127.0.0.1', ...common });
export default defineConfig({ backends: { wrong } });`,
      'maxConnections',
      'wrong: maxConnections must be a whole number from 0, which means no limit, but is -5.',
    ],
    [
      'a host that is missing',
      `${head}const wrong = backend({ port: 80 } as never);
export default defineConfig({ backends: { wrong } });`,
      'backend({ port: 80 }',
      'wrong: host is missing.',
    ],
    [
      'a threshold below 0',
      `${head}const sm1 = saintmode(app1, { threshold: -1 });
export default defineConfig({ backends: { app1 }, directors: { sm1 } });`,
      'threshold: -1',
      'sm1: threshold must be a whole number from 0, but is -1.',
    ],
    [
      'saintmode around what is no backend',
      `${head}const sm1 = saintmode(roundRobin([app1]) as never, { threshold: 1 });
export default defineConfig({ backends: { app1 }, directors: { sm1 } });`,
      'roundRobin([app1]) as never',
      'sm1: saintmode() wraps a backend, but was given an object.',
    ],
    [
      'a backend without a name',
      `${head}const app = roundRobin([app1, app2]);
export default defineConfig({ backends: { app1 }, directors: { app } });`,
      'app2]);',
      'the backend app2 has no name.',
    ],
    [
      'a backend without a name as the default',
      `${head}export default defineConfig({ backends: { app1 }, default: app2 });`,
      'default: app2',
      'the backend app2 has no name.',
    ],
    [
      'a member that is none',
      `${head}const app = roundRobin([app1, 'app2' as never]);
export default defineConfig({ backends: { app1 }, directors: { app } });`,
      "'app2' as never",
      'app: a member must be a backend, a saintmode object or a director, but is "app2".',
    ],
    [
      'a weight that is none',
      `${head}const app = random([app1, { target: app2, weight: -1 }]);
export default defineConfig({ backends: { app1, app2 }, directors: { app } });`,
      'weight: -1',
      'app: the weight of app2 must be a number from 0, but is -1.',
    ],
    [
      'a weight where none counts',
      `${head}const app = fallback([{ target: app1, weight: 2 } as never]);
export default defineConfig({ backends: { app1 }, directors: { app } });`,
      '{ target: app1',
      'app: a weight has no meaning here: roundRobin and fallback do not share traffic by weight.',
    ],
    [
      'a share that is none',
      `${head}const app = roundRobin([app1, app2], { panicThreshold: 30 });
export default defineConfig({ backends: { app1, app2 }, directors: { app } });`,
      'panicThreshold',
      'app: panicThreshold must be a share of the members between 0 and 1, but is 30.',
    ],
    [
      'an option that another director has',
      `${head}const app = hash([app1], { slowStart: '30s' } as never);
export default defineConfig({ backends: { app1 }, directors: { app } });`,
      'slowStart',
      "app: there is no option 'slowStart'.",
    ],
    [
      'a half-life of nothing',
      `${head.replace('random', 'peakEwma, random')}const app = peakEwma([app1], { halfLife: 0 });
export default defineConfig({ backends: { app1 }, directors: { app } });`,
      'halfLife: 0',
      'app: halfLife must be longer than 0, but is 0 ms.',
    ],
    [
      'a backend among the directors',
      `${head}export default defineConfig({ backends: { app1 }, directors: { app2 } as never });`,
      'app2 } as',
      'app2 is a backend.',
    ],
    [
      'a name that cannot be one',
      `${head}export default defineConfig({ backends: { 'app(1)': app1 } });`,
      "'app(1)'",
      '"app(1)" cannot be a name: letters, digits, - and _ can, beginning with a letter or _.',
    ],
    [
      'one backend under two names',
      `${head}export default defineConfig({ backends: { app1, again: app1 } });`,
      'again: app1',
      'again is the same backend as app1.',
    ],
    [
      'one name for two things',
      `${head}const group = roundRobin([app1]);
export default defineConfig({ backends: { app1 }, directors: { app1: group } });`,
      'roundRobin([app1])',
      'app1 is the name of two things: a backend and a director.',
    ],
    [
      'an asynchronous hook',
      `${head}export default defineConfig({
  backends: { app1 },
  async recv() {},
} as never);`,
      'recv() {}',
      'the hook recv is an async function, but hooks run to completion: they cannot wait.',
    ],
    [
      'a hook that is a generator',
      `${head}export default defineConfig({ backends: { app1 }, deliver: function* () {} } as never);`,
      'deliver: function',
      'the hook deliver is a generator, but hooks run to completion: they cannot wait.',
    ],
    [
      'a hook that is no function',
      `${head}export default defineConfig({ backends: { app1 }, recv: 'hash' as never });`,
      'recv: ',
      'the hook recv must be a function, but is "hash".',
    ],
    [
      'a hook that does not exist',
      `${head}export default defineConfig({ backends: { app1 }, backend_response() {} } as never);`,
      'backend_response',
      "there is no hook 'backend_response'.",
    ],
    [
      'no backends',
      `${head}export default defineConfig({} as never);`,
      'defineConfig({}',
      'backends must be an object with a key for each name, but is undefined.',
    ],
    [
      'a default that is none',
      `${head}export default defineConfig({ backends: { app1 }, default: 'app1' as never });`,
      "default: 'app1'",
      'default must be a backend, a saintmode object or a director, but is "app1".',
    ],
    [
      'a throw, in transpiled code that has other columns',
      `${head}type Long = { a: string; b: number };
const x = (y: Long): string => { const z: string = y.a;     throw new TypeError('no ' + z); };
x({ a: 'luck', b: 1 });`,
      'new TypeError',
      'the file threw while it was loaded: TypeError: no luck',
    ],
    [
      'a function of ours that does not exist',
      `${head}import { roundRobbin } from 'troupe';
export default roundRobbin([app1]);`,
      'roundRobbin([app1])',
      "'troupe' has no export 'roundRobbin'.",
    ],
    [
      'members added outside a hook',
      `${head}const app = roundRobin([]);
app.addBackend(app1);`,
      'addBackend(app1)',
      'addBackend() was called outside a hook, where no loaded config is known that it could change. Call it in init(), which runs once for each loading, or in a hook that runs with a request.',
    ],
    [
      'an import that leads nowhere',
      `import './nope.ts';`,
      "'./nope.ts'",
      "cannot find the file './nope.ts'.",
    ],
    [
      'a package that is not there',
      `${head}export { x } from 'no-such-package';`,
      "'no-such-package'",
      "cannot find the package 'no-such-package'.",
    ],
    [
      'an unfinished file',
      `${head}export default defineConfig({ backends: { app1 },`,
      '',
      'syntax error at the end of the file: Unexpected token.',
    ],
    ['what is not TypeScript', `${head}const x = 5 +;`, ';\n', 'syntax error: Unexpected token.'],
    ['no default export', `${head}export const config = 5;`, 'import', 'the file has no default export.'],
    [
      'an export that is no config',
      `${head}export default { backends: { app1 } };`,
      'export default',
      'the default export was not made by defineConfig, but is an object.',
    ],
    [
      'a promise of a config',
      `${head}export default Promise.resolve(defineConfig({ backends: { app1 } }));`,
      'export default',
      'the default export is a promise.',
    ],
    [
      'a function that makes a config',
      `${head}export default () => defineConfig({ backends: { app1 } });`,
      'export default',
      'the default export is a function.',
    ],
  ])('%s', async (what, source, at, sentence) => {
    let place = placeOf(at, source);
    if (what === 'an unfinished file') place = `4:${(source.split('\n')[3] ?? '').length + 1}`;
    if (what === 'what is not TypeScript') place = '4:14';
    expect(await mistakesIn(write(source))).toEqual([`${place} ${sentence}`]);
  });

  test('in the imported file, when it is there', async () => {
    const source =
      "import { backend } from 'troupe';\n\nexport const b1 = backend({ host: 'x', port: -1 });\n";
    const imported = folder.write('parts/backends.ts', source);
    const file = write(
      "import { defineConfig } from 'troupe';\nimport { b1 } from './parts/backends.ts';\nexport default defineConfig({ backends: { b1 } });",
    );
    const error = await loadError(file);
    expect(shown(error)).toBe(
      `${placeOf('port: -1', source)} b1: port must be between 1 and 65535, but is -1.`,
    );
    expect(error.place?.file).toBe(imported);
  });

  test('a throw in an imported function has the place of the throw', async () => {
    const source = 'export function fail(why: string): never {\n  throw new Error(why);\n}\n';
    const imported = folder.write('parts/fail.mts', source);
    const error = await loadError(write("import { fail } from './parts/fail.mjs';\nfail('because');"));
    expect(shown(error)).toBe(
      `${placeOf('new Error', source)} the file threw while it was loaded: Error: because`,
    );
    expect(error.place?.file).toBe(imported);
  });

  test('a value that was thrown has the file for a place', async () => {
    expect(await mistakesIn(write("throw 'enough';"))).toEqual([
      '1:1 the file threw while it was loaded: "enough"',
    ]);
  });

  test('a regular expression that is none', async () => {
    expect(await mistakesIn(write('\nconst r = /(/;\nexport default r;'))).toEqual([
      '2:1 syntax error: Invalid regular expression: /(/: Unterminated group.',
    ]);
  });

  test('JSON that is none', async () => {
    const json = folder.write('parts/broken.json', '{ "port": }');
    const error = await loadError(
      write("import settings from './parts/broken.json';\nexport default settings;"),
    );
    expect(error).toMatchObject({ code: 'config.syntax', place: { file: json, line: 1 } });
  });
});

test('all mistakes of a file are told together, from the top', async () => {
  const source = `${head}const wrong = backend({ host: 'x', port: 0, prot: 1, probe: { window: 99, threshold: 1 } } as never);
const sm = saintmode(app1, { threshold: 1.5 });
export default defineConfig({ backends: { app1, wrong }, directors: { sm }, async recv() {}, recieve() {} } as never);`;
  const error = await loadError(write(source));
  expect(error.message).toBe('wrong: port must be between 1 and 65535, but is 0. (And 5 more mistakes.)');
  expect(await mistakesIn(write(source))).toEqual([
    `${placeOf('port: 0', source)} wrong: port must be between 1 and 65535, but is 0.`,
    `${placeOf('prot', source)} wrong: there is no option 'prot'.`,
    `${placeOf('window', source)} wrong: probe.window must be a whole number between 1 and 64, but is 99.`,
    `${placeOf('threshold: 1.5', source)} sm: threshold must be a whole number from 0, but is 1.5.`,
    `${placeOf('recv', source)} the hook recv is an async function, but hooks run to completion: they cannot wait.`,
    `${placeOf('recieve', source)} there is no hook 'recieve'.`,
  ]);
});

test('a misspelt option that is necessary is one mistake', async () => {
  const source = `${head}const sm = saintmode(app1, { treshold: 1 } as never);
export default defineConfig({ backends: { app1 }, directors: { sm } });`;
  expect(await mistakesIn(write(source))).toEqual([
    `${placeOf('treshold', source)} sm: there is no option 'treshold'.`,
  ]);
});

/** Ways to write the same options, so that only reading the syntax can find the one that is wrong. */
const blank = fc.constantFrom(' ', '\n', '\n\n  ', ' /* port: 1 } */ ', ' // ({[ port: 1\n', '\t');
const otherOption = fc.constantFrom(
  "host: '127.0.0.1'",
  'hostHeader: `a$' + '{String(1)}`',
  "connectTimeout: '1s' as const",
  'maxConnections: ((a: number) => { return { port: a }; })(3).port',
  "'firstByteTimeout': 5_000",
  'probe: { url: "/port:/" }',
);
const wrongOption = fc.constantFrom('port: 70000', "'port': 70000", 'port: (70000 as number)', '"port": 7e4');
const call = fc.constantFrom('backend(', 'troupe.backend(', 'backend /* here */ (');

property.prop(
  [
    fc.uniqueArray(otherOption, { selector: (text) => text.split(':')[0] }),
    wrongOption,
    fc.nat(6),
    blank,
    blank,
    call,
    fc.boolean(),
  ],
  {
    numRuns: 60,
  },
)(
  'the place is right however the file is laid out',
  async (others, wrong, position, before, after, callee, wrapped) => {
    const hostless = others.some((option) => option.startsWith('host:')) ? others : ["host: 'x'", ...others];
    const options = hostless.slice(0, position);
    const rest = hostless.slice(position);
    const list = [...options, `@${wrong}`, ...rest].join(`,${before}`);
    const marked = `import * as troupe from 'troupe';\nimport { backend, defineConfig } from 'troupe';\ninterface Unused { port: number }\nconst b1${before}=${after}${callee}${after}{${before}${list}${after}}${wrapped ? ' as never' : ''});\nexport default defineConfig({ backends: { b1 } });`;
    const source = marked.replace('@', '');
    expect(await mistakesIn(write(source))).toEqual([
      `${placeOf('@', marked)} b1: port must be between 1 and 65535, but is 70000.`,
    ]);
  },
);
