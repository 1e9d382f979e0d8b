/** What the compiler in a user's editor says of a config. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigFolder } from './config-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = new ConfigFolder();
afterAll(() => folder.remove());

const head = `import { backend, type ClientContext, defineConfig, fallback, hash, random, roundRobin, saintmode, synth } from 'troupe';
const app1 = backend({ host: '127.0.0.1', port: 9001, probe: { url: '/health', interval: '1s' } });
const sm1 = saintmode(app1, { threshold: 10 });
const app = roundRobin([sm1]);
`;

const right = {
  'everything.ts': `${head}
const app2 = backend({ path: '/run/app.sock', probe: true, connectTimeout: 500, maxConnections: 5 });
const users = hash([{ target: app1, weight: 2 }, app2]);
function named({ req }: ClientContext) { req.url = '/'; }
export default defineConfig({
  backends: { app1, app2 },
  directors: { app, sm1, users, some: random([app, { target: users }]), last: fallback([app, app2], { sticky: true }) },
  default: app,
  init(ctx) { ctx.log('hello'); app.addBackend(app2); app.removeBackend(app2); },
  recv({ req, client }) {
    if (req.url === '/old') return synth(410);
    req.backend = client.ip === '::1' ? users.backend('user', req.url) : app;
  },
  hash({ hashData, req }) { hashData(req.url); return 'lookup'; },
  pipe: ({ bereq }) => { bereq.http.set('x-pipe', '1'); },
  pass: named,
  purge: () => synth(200, 'Purged'),
  backendFetch({ bereq }) { bereq.http.unset('cookie'); },
  backendResponse({ beresp, deny }) { if (beresp.status >= 500) { deny('20s'); return 'retry'; } },
  backendError({ beresp, deny }) { deny(500); beresp.body = 'sorry'; return 'deliver'; },
  deliver({ resp }) { resp.http.set('x-troupe', '1'); },
  synth: undefined,
  fini() {},
});`,
};

const wrong: Record<string, readonly [source: string, message: RegExp]> = {
  'async-hook.ts': [
    `${head}export default defineConfig({ backends: { app1 }, async recv() {} });`,
    /'Promise<void>' is not assignable to type 'void \| RecvAction/,
  ],
  'async-fini.ts': [
    `${head}export default defineConfig({ backends: { app1 }, fini: async () => {} });`,
    /'Promise<void>' is not assignable/,
  ],
  'generator.ts': [
    `${head}export default defineConfig({ backends: { app1 }, *deliver() {} });`,
    /'Generator<.*' is not assignable/,
  ],
  'wrong-action.ts': [
    `${head}export default defineConfig({ backends: { app1 }, recv: () => 'hsh' });`,
    /'"hsh"' is not assignable to type .*Did you mean '"hash"'/,
  ],
  'wrong-action-of-another-hook.ts': [
    `${head}export default defineConfig({ backends: { app1 }, deliver() { return 'retry'; } });`,
    /'"retry"' is not assignable/,
  ],
  'misspelt-hook.ts': [
    `${head}export default defineConfig({ backends: { app1 }, recve() {} });`,
    /'recve' does not exist.*Did you mean to write 'recv'/,
  ],
  'misspelt-handle.ts': [`${head}roundRobin([ap1]);`, /Cannot find name 'ap1'. Did you mean 'app1'/],
  'misspelt-option.ts': [`${head}backend({ host: 'x', prot: 80 });`, /'prot' does not exist/],
  'misspelt-unit.ts': [
    `${head}backend({ host: 'x', connectTimeout: '5sec' });`,
    /'"5sec"' is not assignable/,
  ],
  'no-host.ts': [`${head}backend({ port: 80 });`, /not assignable/],
  'host-and-path.ts': [`${head}backend({ host: 'x', path: '/run/x.sock' });`, /not assignable/],
  'weight-in-round-robin.ts': [
    `${head}roundRobin([{ target: app1, weight: 2 }]);`,
    /'target' does not exist|not assignable/,
  ],
  'saintmode-of-director.ts': [
    `${head}saintmode(app, { threshold: 1 });`,
    /'DirectorHandle' is not assignable/,
  ],
  'backend-as-director.ts': [
    `${head}defineConfig({ backends: { app1 }, directors: { app1 } });`,
    /'BackendHandle' is not assignable/,
  ],
  'name-as-member.ts': [`${head}roundRobin(['app1']);`, /'string' is not assignable/],
};

let output = '';

beforeAll(async () => {
  for (const [name, text] of Object.entries(right)) folder.write(name, text);
  for (const [name, [text]] of Object.entries(wrong)) folder.write(name, text);
  folder.write('package.json', '{ "type": "module" }');
  folder.write(
    'tsconfig.json',
    JSON.stringify({
      extends: `${root}/tsconfig.json`,
      // What a user's project need not have switched on.
      compilerOptions: {
        noImplicitReturns: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
        typeRoots: [`${root}/node_modules/@types`],
      },
      include: ['*.ts'],
    }),
  );
  output = await new Promise<string>((resolve) => {
    execFile(
      `${root}/node_modules/.bin/tsc`,
      ['--noEmit', '--pretty', 'false', '-p', folder.path],
      { cwd: folder.path },
      (_error, stdout) => resolve(stdout),
    );
  });
}, 120_000);

/** The compiler's words about one file, on one line. */
function saidOf(name: string): string {
  const lines = output.split('\n');
  const said: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith(`${name}(`)) continue;
    said.push(line);
    for (let more = index + 1; lines[more]?.startsWith(' '); more++) said.push(lines[more] ?? '');
  }
  return said.join(' ');
}

describe('the compiler accepts', () => {
  test.each(Object.keys(right))('%s', (name) => {
    expect(saidOf(name)).toBe('');
  });
});

describe('the compiler refuses', () => {
  test.each(Object.entries(wrong))('%s', (name, [, message]) => {
    expect(saidOf(name)).toMatch(message);
  });
});
