/** varnishd and Troupe side by side, each with origins of its own, running the same programs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProxy } from '../../../src/create-proxy.ts';
import { startVarnishd } from '../../support/varnishd.ts';
import { Meeting } from './meeting.ts';
import { play } from './play.ts';
import type { DifferentialCase } from './read-cases.ts';
import { type Recorder, recordingOrigins } from './recording-origin.ts';
import { listenForVarnishd } from './varnish-cli.ts';

interface Answers {
  readonly varnishd: string;
  readonly troupe: string;
}

export interface BothProxies {
  /** Runs a case in both. @param next the one after it, which is compiled meanwhile */
  compare(one: DifferentialCase, next?: DifferentialCase): Promise<Answers>;
  stop(): Promise<void>;
}

/** A program on its way into varnishd. */
interface Loading {
  readonly origins: Promise<Recorder>;
  readonly loaded: Promise<void>;
}

/** A program runs for some milliseconds: that it compiles soon matters more than that it runs fast. */
const params = { cc_command: 'exec cc -O0 -pthread -fPIC -shared -Wl,-x -o %o %s' };

export async function startBoth(): Promise<BothProxies> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-differential-'));
  const idle = 'vcl 4.1; backend none none;';
  const cli = await listenForVarnishd();
  const varnishd = await startVarnishd({ vcl: idle, params, args: cli.args });
  const names = new Map<DifferentialCase, string>();
  let named = 0;

  /** Programs whose turn comes later, and which varnishd has compiled meanwhile. */
  const ahead = new Map<DifferentialCase, Loading>();

  function toVarnishd(one: DifferentialCase): Loading {
    const known = ahead.get(one);
    if (known !== undefined) return known;
    const name = nameOf(one);
    const origins = recordingOrigins(originsOf(one), one.answers);
    const load = async () => {
      const file = join(folder, `${name}-varnishd.vcl`);
      await writeFile(file, programOf(one, await origins));
      await cli.run(`vcl.load ${name} ${file}`);
    };
    const loaded = load();
    loaded.catch(() => {});
    const loading = { origins, loaded };
    ahead.set(one, loading);
    return loading;
  }

  function nameOf(one: DifferentialCase): string {
    const known = names.get(one) ?? `case${++named}`;
    names.set(one, known);
    return known;
  }

  async function inVarnishd(one: DifferentialCase, name: string, meeting: Meeting): Promise<string> {
    const { origins, loaded } = toVarnishd(one);
    try {
      await loaded;
      await cli.run(`vcl.use ${name}`);
      await cli.run('ban obj.status != 0');
      return await play(one, varnishd.port, await origins, meeting);
    } finally {
      meeting.leave();
      // The next time, it is loaded anew.
      ahead.delete(one);
      names.delete(one);
      await (await origins).close();
    }
  }

  async function inTroupe(one: DifferentialCase, name: string, meeting: Meeting): Promise<string> {
    const file = join(folder, `${name}.vcl`);
    const origins = await recordingOrigins(originsOf(one), one.answers);
    await writeFile(file, programOf(one, origins));
    const proxy = createProxy(file);
    try {
      const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
      return await play(one, port, origins, meeting);
    } finally {
      meeting.leave();
      await proxy.close();
      await origins.close();
    }
  }

  return {
    async compare(one, next) {
      const name = nameOf(one);
      toVarnishd(one);
      if (next !== undefined) toVarnishd(next);
      const meeting = new Meeting();
      const [varnishds, troupes] = await Promise.allSettled([
        inVarnishd(one, name, meeting),
        inTroupe(one, name, meeting),
      ]);
      return { varnishd: outcomeOf(varnishds), troupe: outcomeOf(troupes) };
    },
    async stop() {
      await varnishd.stop();
      await cli.close();
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
