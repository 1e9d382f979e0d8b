/**
 * A varnishd for tests to compare with: on loopback, on a free port, in a directory of its own.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';

interface VarnishdAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Varnishd {
  /** The port that it listens on, at 127.0.0.1. */
  readonly port: number;
  /** One GET on a kept connection; requests that do not wait for each other come in any order. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<VarnishdAnswer>;
  /** One command of varnish-cli(7); rejects if varnishd does. */
  adm(...words: string[]): Promise<string>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

export interface VarnishdOptions {
  readonly vcl: string;
  /** How its characters become bytes. Default: UTF-8. */
  readonly encoding?: 'utf8' | 'latin1';
  /** Run-time parameters, as for `-p`. */
  readonly params?: Readonly<Record<string, string>>;
  /** Further arguments. */
  readonly args?: readonly string[];
}

const { PATH = '' } = process.env;
/** Where Debian and others put daemons is not on everybody's path. */
const searchPath = [PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter);
const environment = { ...process.env, PATH: searchPath };

/**
 * Call first in a test that needs varnishd: where it is not installed, skips the test with a message, but
 * fails it in CI, which must not be green without the comparison.
 */
export function needVarnishd(context: TestContext): void {
  if (isInstalled('varnishd') && isInstalled('varnishadm')) return;
  const message = 'varnishd is not installed; on Debian: apt-get install varnish varnish-modules gcc';
  const { CI } = process.env;
  if (CI === 'true') throw new Error(message);
  console.warn(`skipped: ${context.task.name}: ${message}`);
  context.skip(message);
}

function isInstalled(program: string): boolean {
  return searchPath.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Starts varnishd and waits until it accepts connections. */
export async function startVarnishd({
  vcl,
  encoding = 'utf8',
  params = {},
  args = [],
}: VarnishdOptions): Promise<Varnishd> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-varnishd-'));
  await writeFile(join(folder, 'test.vcl'), vcl, encoding);
  const parameters = Object.entries(params).flatMap(([name, value]) => ['-p', `${name}=${value}`]);
  const places = ['-n', join(folder, 'work'), '-f', join(folder, 'test.vcl')];
  const listens = ['-a', '127.0.0.1:0', '-T', '127.0.0.1:0'];
  const child = spawn('varnishd', ['-F', '-j', 'none', ...places, ...listens, ...parameters, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Rejects if there was nothing to start, which childStarts reports.
  const exited = once(child, 'exit').catch(() => {});
  const killChild = () => child.kill('SIGTERM');
  process.once('exit', killChild);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  async function adm(...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('varnishadm', ['-n', join(folder, 'work'), ...words], {
      env: environment,
    });
    return stdout;
  }

  async function stop(): Promise<void> {
    agent.destroy();
    if (child.exitCode === null && child.signalCode === null) killChild();
    await exited;
    process.off('exit', killChild);
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await childStarts(child);
    // Its answer: socket name, address, port.
    const port = Number((await adm('debug.listen_address')).split(/\s+/)[2]);
    return { port, adm, stop, get: (path, headers = {}) => get(agent, port, path, headers) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves when varnishd says that its worker process runs; rejects with all it said if it ends instead. */
function childStarts(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (said.includes('said Child starts')) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`varnishd did not start:\n${said}`)));
  });
}

function get(
  agent: Agent,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<VarnishdAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, headers, agent }, (response) => {
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}
