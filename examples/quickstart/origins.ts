/**
 * Four demo origins in this process: one steady, one slow, one that fails for some URLs, and one that goes
 * up and down by itself. They outlive a reload of the config that starts them.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DemoPorts {
  readonly steady: number;
  readonly slow: number;
  readonly picky: number;
  readonly moody: number;
}

/** Seconds that the moody origin is up, then down. */
const MOOD_SECONDS = 10;
const SLOW_MS = 400;

type Reply = (url: string, response: ServerResponse) => void;

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(`${body}\n`);
}

const replies: Record<keyof DemoPorts, Reply> = {
  steady: (url, response) => text(response, 200, `steady says: ${url} is fine`),
  slow: (url, response) => {
    if (url === '/health') text(response, 200, 'slow, but well');
    else setTimeout(() => text(response, 200, `slow says, after ${SLOW_MS} ms: ${url} is fine`), SLOW_MS);
  },
  picky: (url, response) => {
    if (url.startsWith('/broken')) text(response, 500, `picky does not like ${url}`);
    else text(response, 200, `picky says: ${url} is fine`);
  },
  moody: (url, response) => {
    const isUp = Math.floor(Date.now() / 1000 / MOOD_SECONDS) % 2 === 0;
    if (isUp) text(response, 200, `moody says: ${url} is fine, for now`);
    else text(response, 503, 'moody is down; come back later');
  },
};

async function start(): Promise<DemoPorts> {
  const ports: Record<string, number> = {};
  for (const [name, reply] of Object.entries(replies)) {
    const server: Server = createServer((request, response) => reply(request.url ?? '/', response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    ports[name] = (server.address() as AddressInfo).port;
  }
  return ports as unknown as DemoPorts;
}

/** A config file is evaluated anew at each load, this module with it; the process remembers for both. */
const memory = globalThis as { troupeDemo?: Promise<DemoPorts>; troupeDemoLoads?: number };

/** Starts the origins at the first call. Later calls, from a reloaded config, get the same ones. */
export function startDemoOrigins(): Promise<DemoPorts> {
  memory.troupeDemo ??= start();
  return memory.troupeDemo;
}

/** How often a config has asked, this time included. */
export function countLoad(): number {
  memory.troupeDemoLoads = (memory.troupeDemoLoads ?? 0) + 1;
  return memory.troupeDemoLoads;
}
