/** A program served over real sockets, with origins on loopback in the places of its backends and peers. */
import { once } from 'node:events';
import { request } from 'node:http';
import { createProxy, type TroupeProxy } from '../../../src/create-proxy.ts';
import { ConfigFolder } from '../../config/config-folder.ts';
import { Origin } from '../../support/origin.ts';

export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

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

  /** @param program with its ports: see portsOf */
  async serve(program: string): Promise<void> {
    const file = this.#folder.write('example.vcl', program);
    await this.proxy.load('boot', file);
    await this.proxy.use('boot');
    this.#port = (await this.proxy.listen({ host: '127.0.0.1', port: 0 })).port;
  }

  async ask(url: string, method = 'GET', headers: Record<string, string> = {}): Promise<Reply> {
    const asked = request({ host: '127.0.0.1', port: this.#port, path: url, method, headers, agent: false });
    asked.end();
    const [response] = await once(asked, 'response');
    let body = '';
    response.setEncoding('latin1');
    for await (const piece of response) body += piece;
    return {
      status: response.statusCode,
      reason: response.statusMessage,
      headers: response.headers,
      body,
    };
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
