/** A program of Varnish 3, served in each way in which it should do the same, with two origins behind it. */
import { createProxy } from '../../../src/create-proxy.ts';
import type { TroupeProxy } from '../../../src/troupe-proxy.ts';
import { upgradeVclFile } from '../../../src/vcl/load-vcl.ts';
import { ConfigFolder } from '../../config/config-folder.ts';
import { Origin } from '../../support/origin.ts';
import { startVarnishd, type Varnishd } from '../../support/varnishd.ts';
import { ask, type Reply } from '../ask.ts';

/** By Troupe, as it is written; by Troupe, as `check --upgrade` prints it; the same by varnishd. */
export const ways = ['as written', 'upgraded', 'upgraded, in varnishd'] as const;
export type Way = (typeof ways)[number];

const closedPort = 1;

export class OldWorld {
  readonly #folder = new ConfigFolder();
  #proxy: TroupeProxy | undefined;
  #varnishd: Varnishd | undefined;
  #port = 0;

  readonly one: Origin;
  readonly two: Origin;

  private constructor(one: Origin, two: Origin) {
    this.one = one;
    this.two = two;
  }

  /**
   * @param program with the backends b1 and b2 where the text says `BACKENDS`; `PORT1`, `PORT2` and `CLOSED` are ports
   */
  static async serve(program: string, way: Way): Promise<OldWorld> {
    const world = new OldWorld(await Origin.start('1'), await Origin.start('2'));
    try {
      await world.#serve(program, way);
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  async #serve(program: string, way: Way): Promise<void> {
    const backends = `
      backend b1 { .host = "127.0.0.1"; .port = "PORT1"; }
      backend b2 { .host = "127.0.0.1"; .port = "PORT2"; }`;
    const vcl = program
      .replace('BACKENDS', backends)
      .replaceAll('PORT1', String(this.one.port))
      .replaceAll('PORT2', String(this.two.port))
      .replaceAll('CLOSED', String(closedPort));
    let file = this.#folder.write('old.vcl', vcl);
    if (way !== 'as written') file = this.#folder.write('new.vcl', await upgradeVclFile(file));
    if (way === 'upgraded, in varnishd') {
      const params = { vcc_unsafe_path: 'on' };
      this.#varnishd = await startVarnishd({ vcl: await upgradeVclFile(file), params });
      this.#port = this.#varnishd.port;
      return;
    }
    this.#proxy = createProxy(file);
    this.#port = (await this.#proxy.listen({ host: '127.0.0.1', port: 0 })).port;
  }

  ask(url: string, method?: string, headers?: Readonly<Record<string, string>>): Promise<Reply> {
    return ask(this.#port, url, method, headers);
  }

  /** Bodies of the answers to so many requests, one behind the other. */
  async answers(url: string, count: number, headers?: Readonly<Record<string, string>>): Promise<string> {
    let bodies = '';
    for (let asked = 0; asked < count; asked++) bodies += (await this.ask(url, 'GET', headers)).body;
    return bodies;
  }

  /** What an origin was asked for. */
  seenBy(origin: Origin): readonly string[] {
    return origin.requests.map(({ method, url }) => `${method} ${url}`);
  }

  async close(): Promise<void> {
    await this.#proxy?.close();
    await this.#varnishd?.stop();
    await Promise.all([this.one.close(), this.two.close()]);
    this.#folder.remove();
  }
}
