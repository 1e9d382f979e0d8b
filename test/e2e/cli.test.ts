/** The command line as a person uses it: real processes, real files, real signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Origin } from '../support/origin.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/cli/main.js');

let folder: string;
let origin: Origin;
let running: Troupe[] = [];

class Troupe {
  readonly child: ChildProcess;
  out = '';
  err = '';
  readonly #watchers = new Set<() => void>();

  constructor(...args: string[]) {
    const isNodes = (arg: string) => arg.startsWith('--max-old-space-size');
    const all = [...args.filter(isNodes), main, ...args.filter((arg) => !isNodes(arg))];
    this.child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
      for (const look of [...this.#watchers]) look();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      for (const look of [...this.#watchers]) look();
    });
    running.push(this);
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.child.once('exit', () => reject(new Error(`ended early: ${this.out}${this.err}`)));
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async address(): Promise<string> {
    await this.until(() => this.out.includes('serves'));
    return /http:\/\/127\.0\.0\.1:\d+/.exec(this.out)?.[0] ?? '';
  }

  async end(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const [code] = await once(this.child, 'close');
    return code;
  }
}

beforeAll(async () => {
  const build = spawn('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  const [code] = await once(build, 'exit');
  expect(code).toBe(0);
}, 120_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-cli-'));
  origin = await Origin.start('origin');
});

afterEach(async () => {
  for (const { child } of running) if (child.exitCode === null) child.kill('SIGKILL');
  await Promise.all(running.map((troupe) => troupe.end()));
  running = [];
  await origin.close();
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const config = (field: string, body = '') => `
import { backend, defineConfig } from 'troupe';

const app = backend({ host: '127.0.0.1', port: ${origin.port}, probe: { url: '/probe' } });

export default defineConfig({
  backends: { app },
  deliver({ resp }) {
    resp.http.set('x-config', '${field}');
    return 'deliver';
  },${body}
});
`;

test('-b serves one backend without a file', async () => {
  const troupe = new Troupe('run', '-b', `127.0.0.1:${origin.port}`, '-a', '127.0.0.1:0');
  const response = await fetch(`${await troupe.address()}/x`);
  expect(await response.text()).toBe('origin');
  troupe.child.kill('SIGTERM');
  expect(await troupe.end()).toBe(0);
});

test('a cache of small objects may be larger than the heap of the engine', async () => {
  const body = 'x'.repeat(7_000);
  let fetched = 0;
  const server = createServer((_request, response) => {
    fetched++;
    response.writeHead(200, { 'Cache-Control': 'max-age=3600', 'Content-Length': body.length }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const troupe = new Troupe(
    ...[
      '--max-old-space-size=64',
      'run',
      '-b',
      `127.0.0.1:${port}`,
      '-a',
      '127.0.0.1:0',
      '-s',
      'malloc,200m',
    ],
  );
  const address = await troupe.address();
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const ask = (url: string) =>
    new Promise<string>((resolve, reject) => {
      get(url, { agent }, (response) => {
        let text = '';
        response.setEncoding('latin1').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve(text)).on('error', reject);
      }).on('error', reject);
    });
  const objects = 14_000;
  let next = 0;
  const client = async () => {
    while (next < objects) expect((await ask(`${address}/${next++}`)).length).toBe(body.length);
  };
  await Promise.all(Array.from({ length: 16 }, client));
  expect(fetched).toBe(objects);
  for (let i = 0; i < objects; i += 7) expect((await ask(`${address}/${i}`)).length).toBe(body.length);
  expect(fetched).toBe(objects);
  agent.destroy();
  troupe.child.kill('SIGTERM');
  expect(await troupe.end()).toBe(0);
  server.close();
}, 60_000);

test("varnishd's flags are taken, and those without an effect are noted", async () => {
  const args = [
    '-F',
    '-j',
    'unix,user=vcache',
    '-hcritbit',
    '-W',
    'epoll',
    '-s',
    'malloc,256m',
    '-p',
    'first_byte_timeout=5',
  ];
  const troupe = new Troupe('run', ...args, '-b', `127.0.0.1:${origin.port}`, '-a', 'web=127.0.0.1:0,HTTP');
  expect((await fetch(await troupe.address())).status).toBe(200);
  expect(troupe.err).toContain('note: -j');
  expect(troupe.err).not.toContain('note: -s');
});

test('--access-log - leaves standard output to JSON lines, one for each request', async () => {
  const args = ['--access-log', '-', '-b', `127.0.0.1:${origin.port}`, '-a', '127.0.0.1:0'];
  const troupe = new Troupe('run', ...args);
  await troupe.until(() => troupe.err.includes('serves'));
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(troupe.err)?.[0];
  for (const path of ['/a', '/b']) await fetch(`${address}${path}`);
  troupe.child.kill('SIGUSR2');
  troupe.child.kill('SIGTERM');
  expect(await troupe.end()).toBe(0);
  const lines = troupe.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { level: 'info', url: '/a', status: 200, tries: [{ status: 200 }] },
    { level: 'info', url: '/b', status: 200, tries: [{ status: 200 }] },
  ]);
});

test('an access log that cannot be written is said, and nothing is served', async () => {
  const troupe = new Troupe('run', '--access-log', '/nowhere/access.log', '-b', `127.0.0.1:${origin.port}`);
  expect(await troupe.end()).toBe(1);
  expect(troupe.err).toMatch(/\/nowhere\/access\.log cannot be written: ENOENT/);
});

const lostLogs = [
  ['on a disk that is full', '/dev/full'],
  ['that nobody reads any more', '-'],
] as const;

test.each(
  // Only Linux has a disk that is always full.
  lostLogs.filter(([, path]) => path === '-' || existsSync(path)),
)('an access log %s is said once; serving goes on, and SIGTERM ends it', async (_, path) => {
  const args = ['--access-log', path, '-b', `127.0.0.1:${origin.port}`, '-a', '127.0.0.1:0'];
  const troupe = new Troupe('run', ...args);
  const said = () => troupe.out + troupe.err;
  await troupe.until(() => said().includes('serves'));
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said())?.[0] ?? '';
  if (path === '-') troupe.child.stdout?.destroy();
  await fetch(address);
  await troupe.until(() => troupe.err.includes('lines are lost'));
  expect((await fetch(address)).status).toBe(200);
  troupe.child.kill('SIGTERM');
  expect(await troupe.end()).toBe(0);
  expect(said()).toContain('stopped');
  expect(troupe.err.match(/lines are lost/g)).toHaveLength(1);
});

test('a reader of the access log that reads nothing does not keep it from ending', async () => {
  const args = ['--access-log', '-', '-b', `127.0.0.1:${origin.port}`, '-a', '127.0.0.1:0'];
  const troupe = new Troupe('run', ...args);
  await troupe.until(() => troupe.err.includes('serves'));
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(troupe.err)?.[0] ?? '';
  troupe.child.stdout?.pause();
  // More than any pipe holds.
  for (let i = 0; i < 200; i++) await (await fetch(`${address}/${'a'.repeat(8_000)}`)).text();
  troupe.child.kill('SIGTERM');
  expect(await once(troupe.child, 'exit')).toEqual([0, null]);
  expect(troupe.err).toContain('stopped');
  troupe.child.stdout?.resume();
});

test('SIGHUP loads the file again; a mistake in it changes nothing and is told with its place', async () => {
  const path = await write('my.config.ts', config('one'));
  const troupe = new Troupe('run', '-f', path, '-a', '127.0.0.1:0');
  const address = await troupe.address();
  const field = async () => (await fetch(address)).headers.get('x-config');
  expect(await field()).toBe('one');

  await write('my.config.ts', config('two'));
  troupe.child.kill('SIGHUP');
  await troupe.until(() => troupe.out.includes('as reload_1'));
  expect(await field()).toBe('two');

  await write('my.config.ts', config('three').replace('probe: {', 'probe: {{'));
  troupe.child.kill('SIGHUP');
  await troupe.until(() => troupe.err.includes('keeps serving'));
  expect(troupe.err).toMatch(/my\.config\.ts:4:\d+/);
  expect(await field()).toBe('two');

  await write('my.config.ts', config('four'));
  troupe.child.kill('SIGHUP');
  await troupe.until(
    () => troupe.out.includes('as reload_'.concat('3')) || troupe.out.includes('as reload_2'),
  );
  expect(await field()).toBe('four');
});

test('SIGTERM lets a request in flight end, refuses new connections, and exits with 0', async () => {
  let release = () => {};
  origin.answer = (_request, response) => {
    release = () => response.end('late');
  };
  const path = await write('my.config.ts', config('one'));
  const troupe = new Troupe('run', '-f', path, '-a', '127.0.0.1:0');
  const address = await troupe.address();
  const late = fetch(address);
  await origin.until(() => origin.requests.length === 1);
  troupe.child.kill('SIGTERM');
  await troupe.until(() => troupe.out.includes('SIGTERM'));
  const refused = connect(Number(new URL(address).port), '127.0.0.1');
  const [error] = await once(refused, 'error');
  expect(error.code).toBe('ECONNREFUSED');
  release();
  expect(await (await late).text()).toBe('late');
  expect(await troupe.end()).toBe(0);
});

test('drain_timeout bounds how long SIGTERM waits', async () => {
  origin.answer = () => {};
  const troupe = new Troupe(
    'run',
    '-b',
    `127.0.0.1:${origin.port}`,
    '-a',
    '127.0.0.1:0',
    '-p',
    'drain_timeout=0.3',
  );
  const never = fetch(await troupe.address()).then(
    (response) =>
      response.text().then(
        () => 'answered',
        () => 'cut',
      ),
    () => 'cut',
  );
  await origin.until(() => origin.requests.length === 1);
  troupe.child.kill('SIGTERM');
  expect(await troupe.end()).toBe(0);
  expect(await never).toBe('cut');
});

test('goes on serving when whoever reads what it says stops reading', async () => {
  const troupe = new Troupe('run', '-b', `127.0.0.1:${origin.port}`, '-a', '127.0.0.1:0');
  const address = await troupe.address();
  troupe.child.stdout?.destroy();
  troupe.child.stderr?.destroy();
  troupe.child.kill('SIGHUP');
  expect((await fetch(address)).status).toBe(200);
  troupe.child.kill('SIGTERM');
  expect(await troupe.end()).toBe(0);
});

test('a wrong command line exits with 2 and says what to do', async () => {
  const cases: [string[], string][] = [
    [['run'], 'give a config with -f FILE, or one backend with -b HOST:PORT'],
    [['run', '-f', 'x.ts', '-b', 'h:1'], 'exclude each other'],
    [['run', '-b', 'h:70000'], 'port must be between'],
    [['run', '-b', 'h:1', '-a', '127.0.0.1:x'], 'port must be between'],
    [['run', '-b', 'h:1', '-p', 'no_such=1'], 'has no parameter "no_such"'],
    [['run', '--nonsense'], '--nonsense'],
    [['frobnicate'], 'frobnicate'],
  ];
  for (const [args, message] of cases) {
    const troupe = new Troupe(...args);
    expect(await troupe.end(), args.join(' ')).toBe(2);
    expect(troupe.err).toContain(message);
    expect(troupe.err).not.toMatch(/\n\s+at /);
  }
});

test('SIGTERM leaves a tunnel drain_timeout to end, and cuts both sides then', async () => {
  const cut = new Promise<void>((resolve) => {
    origin.upgrade = (_request, socket) => {
      socket.on('error', () => {});
      socket.on('close', resolve);
      socket.on('end', () => socket.end());
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.on('data', (chunk: Buffer) => socket.write(chunk));
    };
  });
  const log = join(folder, 'access.log');
  const troupe = new Troupe(
    ...['run', '-b', `127.0.0.1:${origin.port}`, '-a', '127.0.0.1:0'],
    ...['-p', 'drain_timeout=2', '-p', 'pipe_timeout=30', '--access-log', log],
  );
  const { port, hostname } = new URL(await troupe.address());
  const client = connect({ port: Number(port), host: hostname });
  client.on('error', () => {});
  const closed = new Promise((resolve) => client.on('close', resolve));
  client.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  const [head] = (await once(client, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
  troupe.child.kill('SIGTERM');
  await troupe.until(() => troupe.out.includes('SIGTERM'));
  client.write('still here');
  expect(String(await once(client, 'data'))).toBe('still here');
  expect(await troupe.end()).toBe(0);
  await Promise.all([closed, cut]);
  expect(JSON.parse(await readFile(log, 'utf8'))).toMatchObject({
    status: 101,
    ending: 'piped',
    tunnelEnd: 'cut',
    bytesSent: 10,
    bytesReceived: 10,
  });
});

test('check says whether a file is valid', async () => {
  const good = new Troupe('check', await write('good.config.ts', config('one')));
  expect(await good.end()).toBe(0);
  expect(good.out).toContain('valid');
  const bad = new Troupe(
    'check',
    await write('bad.config.ts', config('one').replace(`${origin.port}`, '70000')),
  );
  expect(await bad.end()).toBe(1);
  expect(bad.err).toMatch(/bad\.config\.ts:4:\d+/);
  expect(bad.err).toContain('port');
  expect(bad.err).toContain('^');
  expect(bad.err).not.toMatch(/\n\s+at /);
});

test('a config that cannot be loaded at start exits with 1', async () => {
  const troupe = new Troupe(
    'run',
    '-f',
    await write('bad.config.ts', 'export default 1;'),
    '-a',
    '127.0.0.1:0',
  );
  expect(await troupe.end()).toBe(1);
  expect(troupe.err).toContain('defineConfig');
});

test('--dashboard says where it is, and is refused beyond loopback without a token', async () => {
  const one = ['run', '-b', `127.0.0.1:${origin.port}`, '-a', '127.0.0.1:0', '--dashboard'];
  const troupe = new Troupe(...one, ':0');
  await troupe.until(() => troupe.out.includes('dashboard on'));
  const [, url = ''] = /dashboard on (http:\/\/127\.0\.0\.1:\d+)/.exec(troupe.out) ?? [];
  const ready = await fetch(`${url}/readyz`);
  expect(await ready.json()).toEqual({ status: 'ready', active: 'boot' });
  troupe.child.kill('SIGTERM');
  expect(await troupe.end()).toBe(0);

  const open = new Troupe(...one, '0.0.0.0:0');
  expect(await open.end()).toBe(1);
  expect(open.err).toContain('has no token');
  expect(open.err).toContain('--dashboard-token');
});

test("Debian's command line of varnishd works, and so does what a directory tells of it", async () => {
  await writeFile(join(folder, 'secret'), 'a secret\n');
  const vcl = join(folder, 'default.vcl');
  const backend = `backend default { .host = "127.0.0.1"; .port = "${origin.port}"; }`;
  await writeFile(vcl, `vcl 4.0;\n${backend}\n`);
  const work = join(folder, 'work');
  const debians = ['-j', 'unix,user=vcache', '-F', '-a', ':0', '-T', 'localhost:0', '-f', vcl];
  const more = ['-S', join(folder, 'secret'), '-s', 'malloc,256m', '-n', work];
  const troupe = new Troupe('run', ...debians, ...more);
  await troupe.until(() => troupe.out.includes('commands on'));
  const status = new Troupe('adm', '-n', work, 'status');
  expect(await status.end()).toBe(0);
  expect(status.out).toBe('Child in state running\n');
  const second = new Troupe('run', ...debians, ...more);
  expect(await second.end()).toBe(1);
  expect(second.err).toContain('uses this directory');
  const wrong = new Troupe('adm', '-n', work, 'vcl.use', 'nosuch');
  expect(await wrong.end()).toBe(1);
  expect(wrong.err).toContain('No VCL named nosuch known');
  troupe.child.kill('SIGTERM');
  expect(await troupe.end()).toBe(0);
  const late = new Troupe('adm', '-n', work, 'ping');
  expect(await late.end()).toBe(2);
  expect(late.err).toContain(`nothing runs in ${work}`);
});

test.each([
  [['-T', 'nowhere'], '-T nowhere: write ADDR:PORT'],
  [
    ['-T', '127.0.0.1:0', '-S', '/no/such/file'],
    '-S /no/such/file: the secret cannot be read: No such file or directory.',
  ],
  [['-a', ':0,PROXY,HTTP'], 'HTTP and PROXY exclude each other'],
  [['-a', ':0,H2'], '"H2" is not an option that Troupe knows'],
])('%s is refused with a sentence', async (flags, sentence) => {
  const troupe = new Troupe('run', '-b', `127.0.0.1:${origin.port}`, ...flags);
  expect(await troupe.end()).toBe(2);
  expect(troupe.err).toContain(sentence);
});

test.each(['--help', '-h'])('%s names every option', async (flag) => {
  const troupe = new Troupe('run', flag);
  expect(await troupe.end()).toBe(0);
  for (const option of [
    '-f',
    '-b',
    '-a',
    '-p',
    '-T',
    '-S',
    '-n',
    '-s',
    '--dashboard',
    '--record',
    'SIGHUP',
    'SIGTERM',
  ]) {
    expect(troupe.out).toContain(option);
  }
});
