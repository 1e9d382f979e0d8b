/** varnishd and Troupe side by side, each with origins of its own, running the same programs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProxy } from '../../../src/create-proxy.ts';
import { startVarnishd } from '../../support/varnishd.ts';
import { play } from './play.ts';
import type { DifferentialCase } from './read-cases.ts';
import { type Recorder, recordingOrigins } from './recording-origin.ts';

export interface Answers {
  readonly varnishd: string;
  readonly troupe: string;
}

export interface BothProxies {
  /** Runs a case in both. */
  compare(one: DifferentialCase): Promise<Answers>;
  stop(): Promise<void>;
}

/** A program runs for some milliseconds: that it compiles soon matters more than that it runs fast. */
const params = { cc_command: 'exec cc -O0 -pthread -fPIC -shared -Wl,-x -o %o %s' };

export async function startBoth(): Promise<BothProxies> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-differential-'));
  const idle = 'vcl 4.1; backend none none;';
  const varnishd = await startVarnishd({ vcl: idle, params });
  let number = 0;

  async function inVarnishd(one: DifferentialCase, name: string): Promise<string> {
    const origins = await recordingOrigins(originsOf(one), one.answers);
    const file = join(folder, `${name}-varnishd.vcl`);
    await writeFile(file, programOf(one, origins));
    await varnishd.adm('vcl.load', name, file);
    await varnishd.adm('vcl.use', name);
    await varnishd.adm('ban', 'obj.status', '!=', '0');
    try {
      return await play(one, varnishd.port, origins);
    } finally {
      await varnishd.adm('vcl.use', 'boot');
      await varnishd.adm('vcl.discard', name);
      await origins.close();
    }
  }

  async function inTroupe(one: DifferentialCase, name: string): Promise<string> {
    const file = join(folder, `${name}.vcl`);
    const origins = await recordingOrigins(originsOf(one), one.answers);
    await writeFile(file, programOf(one, origins));
    const proxy = createProxy(file);
    try {
      const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
      return await play(one, port, origins);
    } finally {
      await proxy.close();
      await origins.close();
    }
  }

  return {
    async compare(one) {
      const name = `case${++number}`;
      const [varnishds, troupes] = await Promise.allSettled([inVarnishd(one, name), inTroupe(one, name)]);
      return { varnishd: outcomeOf(varnishds), troupe: outcomeOf(troupes) };
    },
    async stop() {
      await varnishd.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function outcomeOf(settled: PromiseSettledResult<string>): string {
  return settled.status === 'fulfilled' ? settled.value : `failed: ${settled.reason}`;
}

function originsOf({ vcl }: DifferentialCase): number {
  return Math.max(...[...vcl.matchAll(/\$PORT(\d)/g)].map(([, number]) => Number(number)), 0);
}

function programOf({ vcl }: DifferentialCase, { ports }: Recorder): string {
  return vcl.replace(/\$PORT(\d)/g, (_all, number: string) => String(ports[Number(number) - 1]));
}
