/** The command line as Varnish's own tools use it: varnishadm finds it, and varnishreload reloads by it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, type TestContext, test } from 'vitest';
import { ParameterSet } from '../../src/admin/parameters/parameter-set.ts';
import { runAdm } from '../../src/cli/adm.ts';
import { CommandClient } from '../../src/cli/command-client.ts';
import { type OpenedCommandLine, openCommandLine } from '../../src/cli/open-command-line.ts';
import { createProxy } from '../../src/create-proxy.ts';
import type { TroupeProxy } from '../../src/troupe-proxy.ts';
import { Origin } from '../support/origin.ts';
import { needVarnishd } from '../support/varnishd.ts';

const run = promisify(execFile);
/** Debian's place of it. */
const varnishreload = '/usr/share/varnish/varnishreload';

let folder: string;
let work: string;
let origin: Origin;
let proxy: TroupeProxy;
let opened: OpenedCommandLine | undefined;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-varnishadm-'));
  work = join(folder, 'work');
  origin = await Origin.start('origin');
});

afterEach(async () => {
  opened?.close();
  opened = undefined;
  await proxy?.close();
  await origin.close();
  await rm(folder, { recursive: true });
});

async function file(name: string, ...lines: string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

function program(...recv: string[]): string[] {
  const backend = `backend b1 { .host = "127.0.0.1"; .port = "${origin.port}"; }`;
  return ['vcl 4.1;', backend, `sub vcl_recv { ${recv.join(' ')} return (pass); }`];
}

/** @param secretFile undefined: one is generated */
async function start(boot: string, secretFile?: string): Promise<void> {
  proxy = createProxy(boot);
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${port}/`;
  const plan = { host: '127.0.0.1', port: 0, secretFile, folder: work };
  opened = await openCommandLine(proxy, plan, new ParameterSet());
}

async function varnishadm(...words: string[]): Promise<string> {
  return (await run('varnishadm', ['-n', work, '--', ...words])).stdout.trimEnd();
}

/** Its exit status and what it says, if it fails. */
async function refusal(...words: string[]): Promise<string> {
  const failed: unknown = await varnishadm(...words).catch((error: unknown) => error);
  const { code, stdout } = failed as { code?: number; stdout?: string };
  return `${code}: ${stdout?.trim()}`;
}

async function body(): Promise<string> {
  const response = await fetch(url);
  return response.text();
}

function needed(context: TestContext): void {
  needVarnishd(context);
}

test('varnishadm finds it by -n, with a secret that nobody gave', async (context) => {
  needed(context);
  await start(await file('boot.vcl', ...program()));
  expect(await varnishadm('ping')).toMatch(/^PONG \d+ 1\.0$/);
  expect(await varnishadm('vcl.list')).toMatch(/^active +auto +warm +0 +boot$/);
  expect(await varnishadm('status')).toBe('Child in state running');
  opened?.close();
  opened = undefined;
  expect(await readdir(work)).toEqual(['_.vsm_mgt']);
});

test('varnishadm loads, uses, labels and discards, while requests are served', async (context) => {
  needed(context);
  await start(await file('boot.vcl', ...program('return (synth(200, "boot"));')));
  const next = await file('next.vcl', ...program('return (synth(201, "next"));'));
  const via = await file('via.vcl', ...program('return (vcl(app));'));
  await varnishadm('vcl.load', 'next', next);
  await varnishadm('vcl.label', 'app', 'next');
  await varnishadm('vcl.load', 'via', via);
  expect(await varnishadm('vcl.use', 'via')).toBe("VCL 'via' now active");
  expect((await fetch(url)).status).toBe(201);
  await varnishadm('vcl.label', 'app', 'boot');
  expect((await fetch(url)).status).toBe(200);
  expect(await refusal('vcl.discard', 'app')).toContain('other VCLs depend on it');
  expect(await refusal('vcl.discard', 'boot')).toContain('Cannot discard labeled VCL program boot');
  await varnishadm('vcl.use', 'boot');
  await varnishadm('vcl.discard', 'via', 'app', 'n*');
  expect(await varnishadm('vcl.list')).toMatch(/^active +auto +warm +0 +boot$/);
});

test('a discarded config is listed while requests are on it, and goes with the last', async (context) => {
  needed(context);
  let release = () => {};
  origin.answer = (_request, response) => {
    release = () => response.end('late');
  };
  await start(await file('boot.vcl', ...program()));
  const late = fetch(url).then((response) => response.text());
  await origin.until(() => origin.requests.length === 1);
  expect(await varnishadm('vcl.list')).toMatch(/^active +auto +warm +1 +boot$/);
  await varnishadm('vcl.inline', 'none', '"vcl 4.1; backend default none;"');
  await varnishadm('vcl.use', 'none');
  await varnishadm('vcl.discard', 'boot');
  expect(await varnishadm('vcl.list')).toMatch(/\ndiscarded +cold +cooling +1 +boot$/);
  release();
  expect(await late).toBe('late');
  expect(await varnishadm('vcl.list')).toMatch(/^active +auto +warm +0 +none$/);
});

test('an order of health acts on the identity, in all configs that declare it', async (context) => {
  needed(context);
  const boot = await file('boot.vcl', ...program());
  await start(boot);
  await varnishadm('vcl.load', 'other', boot);
  expect((await fetch(url)).status).toBe(200);
  await varnishadm('backend.set_health', 'boot.b1', 'drain');
  expect((await fetch(url)).status).toBe(503);
  await varnishadm('vcl.use', 'other');
  expect((await fetch(url)).status).toBe(503);
  expect(await varnishadm('backend.list', '*.b1')).toMatch(/boot\.b1 +drain[\s\S]*other\.b1 +drain/);
  const identity = `b1(127.0.0.1:${origin.port},)`;
  expect(await varnishadm('backend.health', `b1(:${origin.port})`)).toContain(`${identity} drain`);
  await varnishadm('backend.set_health', identity, 'auto');
  expect((await fetch(url)).status).toBe(200);
  expect(await refusal('backend.health', 'b1(:1)')).toContain(`there are ${identity}`);
});

test('parameters that are set hold for the next request', async (context) => {
  needed(context);
  await start(await file('boot.vcl', ...program('if (req.restarts < 2) { return (restart); }')));
  expect((await fetch(url)).status).toBe(200);
  await varnishadm('param.set', 'max_restarts', '1');
  expect((await fetch(url)).status).toBe(503);
  await varnishadm('param.reset', 'max_restarts');
  expect((await fetch(url)).status).toBe(200);
  expect(await varnishadm('param.show', 'thread_pool_min')).toContain('has no effect in Troupe');
});

test('stop closes the sockets and start opens them again', async (context) => {
  needed(context);
  await start(await file('boot.vcl', ...program()));
  await varnishadm('stop');
  await expect(fetch(url)).rejects.toThrow();
  expect(await refusal('backend.list')).toContain('child not running');
  await varnishadm('start');
  expect(await body()).toContain('origin');
});

test('a dry run tells what a switch would change, and changes nothing', async (context) => {
  needed(context);
  await start(await file('boot.vcl', ...program()));
  await varnishadm('vcl.inline', 'none', '"vcl 4.1; backend default none;"');
  const told = await varnishadm('vcl.use', 'none', '--dry-run');
  expect(told).toContain(`Backends left behind:\n\tb1(127.0.0.1:${origin.port},)`);
  expect(await varnishadm('vcl.list')).toMatch(/^active[^\n]*boot/);
});

test('varnishreload reloads the file of the config in use, and of a label', async (context) => {
  needed(context);
  if (!existsSync(varnishreload)) context.skip(`${varnishreload} is not installed`);
  const boot = await file('boot.vcl', ...program('return (synth(200));'));
  await start(boot);
  await file('boot.vcl', ...program('return (synth(201));'));
  const { stdout } = await run(varnishreload, ['-n', work]);
  expect(stdout).toMatch(/VCL 'reload_\w+' compiled\nVCL 'reload_\w+' now active/);
  expect((await fetch(url)).status).toBe(201);
  await varnishadm('vcl.label', 'app', 'boot');
  await varnishadm('vcl.use', 'app');
  await file('boot.vcl', ...program('return (synth(202));'));
  await run(varnishreload, ['-n', work, '-m', '0']);
  expect((await fetch(url)).status).toBe(202);
  expect(await varnishadm('vcl.list')).toMatch(/active +label +warm +0 +app +-> +reload_/);
  await file('boot.vcl', 'vcl 4.1; this is none');
  await expect(run(varnishreload, ['-n', work])).rejects.toThrow('VCL compilation failed');
  expect((await fetch(url)).status).toBe(202);
});

test('troupe adm speaks with Troupe as varnishadm does', async () => {
  const secret = await file('secret', 'it is known');
  await start(await file('boot.vcl', ...program()), secret);
  const said: string[] = [];
  const output = { out: (text: string) => said.push(text), err: (text: string) => said.push(text) };
  const ask = (...command: string[]) =>
    runAdm({ address: undefined, secretFile: undefined, folder: work, command }, output);
  expect(await ask('vcl.inline', 'one', 'vcl 4.1; backend default none; # "quoted" \\')).toBe(0);
  expect(await ask('vcl.show', 'one')).toBe(0);
  expect(await ask('vcl.use', 'nosuch')).toBe(1);
  expect(said.join('')).toContain('vcl 4.1; backend default none; # "quoted" \\\n');
  expect(said.join('')).toContain('No VCL named nosuch known\nCommand failed with status 106');
  await file('secret', 'it has changed');
  expect(await ask('ping')).toBe(0);
  const piped = (...lines: string[]) =>
    runAdm(
      {
        address: undefined,
        secretFile: undefined,
        folder: work,
        command: [],
        input: Readable.from(lines.map((line) => `${line}\n`)),
      },
      output,
    );
  expect(
    await piped(
      'ping',
      'vcl.inline two << END',
      'vcl 4.1; # << END of it',
      '',
      'backend default none;',
      'END',
      'vcl.show two',
    ),
  ).toBe(0);
  expect(said.join('')).toContain('vcl 4.1; # << END of it\n\nbackend default none;\n');
  expect(await piped('nosuch', 'quit', 'ping')).toBe(1);
  expect(await piped('vcl.inline three << END', 'vcl 4.1;')).toBe(2);
  expect(said.join('')).toContain('does not end with END');
  const wrong = {
    address: undefined,
    secretFile: await file('wrong', 'wrong'),
    folder: work,
    command: ['ping'],
  };
  expect(await runAdm(wrong, output)).toBe(2);
});

test('a secret file that has gone lets nobody in, and says so; a parameter given at the start is reset to its default', async () => {
  const secret = await file('secret', 'it is known');
  const parameters = new ParameterSet();
  parameters.set('max_restarts', '1');
  const boot = await file('boot.vcl', ...program('if (req.restarts < 2) { return (restart); }'));
  proxy = createProxy(boot, { requests: { maxRestarts: 1 } });
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${port}/`;
  const plan = { host: '127.0.0.1', port: 0, secretFile: secret, folder: work };
  opened = await openCommandLine(proxy, plan, parameters);
  const said: string[] = [];
  const output = { out: (text: string) => said.push(text), err: (text: string) => said.push(text) };
  const ask = (secretFile: string, ...command: string[]) =>
    runAdm({ address: undefined, secretFile, folder: work, command }, output);
  expect((await fetch(url)).status).toBe(503);
  expect(await ask(secret, 'param.reset', 'max_restarts')).toBe(0);
  expect((await fetch(url)).status).toBe(200);
  const other = await file('other', 'it is known');
  await rm(secret);
  expect(await ask(other, 'ping')).toBe(2);
  expect(said.join('')).toContain('Cannot open secret file (No such file or directory)');
});

test('two ports of one proxy know the same labels', async () => {
  await start(await file('boot.vcl', ...program()));
  const where = [{ host: '127.0.0.1', port: 0 }];
  const parameters = new ParameterSet();
  const ports = await Promise.all(
    [1, 2].map(() => proxy.commandLine({ where, secretFile: undefined, parameters })),
  );
  const [first, second] = await Promise.all(
    ports.map((port) =>
      CommandClient.open({ host: '127.0.0.1', port: port.addresses[0]?.port ?? 0 }, () => Buffer.alloc(0)),
    ),
  );
  expect((await first?.send('vcl.label app boot'))?.status).toBe(200);
  expect((await second?.send('vcl.list'))?.text).toMatch(/app +-> +boot/);
  first?.close();
  second?.close();
});
