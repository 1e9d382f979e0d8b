/** A program served over real sockets, with origins on loopback in the places of its backends and peers. */
import { createProxy } from '../../../src/create-proxy.ts';
import type { TroupeProxy } from '../../../src/troupe-proxy.ts';
import { upgradeVclFile } from '../../../src/vcl/load-vcl.ts';
import { ConfigFolder } from '../../config/config-folder.ts';
import { Origin } from '../../support/origin.ts';
import { ask, type Reply } from '../ask.ts';

export class ExampleWorld {
  readonly #folder = new ConfigFolder();
  readonly #origins: Origin[] = [];
  readonly proxy: TroupeProxy = createProxy();
  #port = 0;

  /** @param name what it answers */
  async origin(name: string): Promise<Origin> {
    const origin = await Origin.start(name);
    this.#origins.push(origin);
    return origin;
  }

  /** @param program with its ports: see withPorts */
  async serve(program: string, isUpgraded = false): Promise<void> {
    let file = this.#folder.write('example.vcl', program);
    if (isUpgraded) file = this.#folder.write('upgraded.vcl', await upgradeVclFile(file));
    await this.proxy.load('boot', file);
    await this.proxy.use('boot');
    this.#port = (await this.proxy.listen({ host: '127.0.0.1', port: 0 })).port;
  }

  ask(url: string, method?: string, headers?: Readonly<Record<string, string>>): Promise<Reply> {
    return ask(this.#port, url, method, headers);
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await Promise.all(this.#origins.map((origin) => origin.close()));
    this.#folder.remove();
  }
}

/**
 * A program with the ports of what runs here: of backends by their names, and of the peer as `peer`. Nothing else in
 * it is changed.
 */
export function withPorts(program: string, ports: Readonly<Record<string, number>>): string {
  const located = program.replace(
    /(backend (\w+) \{[^}]*?\.port = )"\d+"/g,
    (whole, before: string, name: string) => {
      const port = ports[name];
      return port === undefined ? whole : `${before}"${port}"`;
    },
  );
  const { peer } = ports;
  return peer === undefined ? located : located.replace(/(peer\.set\("127\.0\.0\.1",\s*)\d+/, `$1${peer}`);
}
