/** The command line's port under fire: whatever is sent there, requests are served without an error. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ParameterSet } from '../../src/admin/parameters/parameter-set.ts';
import { CommandClient } from '../../src/cli/command-client.ts';
import { createProxy } from '../../src/create-proxy.ts';
import type { TroupeProxy } from '../../src/troupe-proxy.ts';
import { Origin } from '../support/origin.ts';

const CLIENTS = 32;
const REQUESTS_EACH = 25;
const secret = Buffer.from('a secret\n');

let folder: string;
let origin: Origin;
let proxy: TroupeProxy;
let url: string;
let port: number;
let sockets: Socket[] = [];
/** What the log was told: the port of the client, and how many. */
let refused: { port: number; count: number }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-hostile-'));
  origin = await Origin.start('origin');
  const secretFile = join(folder, 'secret');
  await writeFile(secretFile, secret);
  const vcl = join(folder, 'boot.vcl');
  const backend = `backend b1 { .host = "127.0.0.1"; .port = "${origin.port}"; }`;
  await writeFile(vcl, `vcl 4.1;\n${backend}\nsub vcl_recv { return (pass); }\n`);
  refused = [];
  const operatorRefused = ({ port: from }: { port: number }, count: number) =>
    refused.push({ port: from, count });
  proxy = createProxy(vcl, { log: { operatorRefused } });
  const listening = await proxy.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${listening.port}/`;
  const where = [{ host: '127.0.0.1', port: 0 }];
  const opened = await proxy.commandLine({ where, secretFile, parameters: new ParameterSet() });
  port = opened.addresses[0]?.port ?? 0;
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await proxy.close();
  await origin.close();
  await rm(folder, { recursive: true });
});

function hostile(): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** Until it is connected, or refused. */
function settled(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
}

/** Statuses of all requests of all clients. */
async function serveClients(): Promise<Set<number | string>> {
  const seen = new Set<number | string>();
  const client = async () => {
    for (let sent = 0; sent < REQUESTS_EACH; sent++) {
      const outcome = await fetch(url).then(
        async (response) => {
          await response.text();
          return response.status;
        },
        (error: Error) => error.message,
      );
      seen.add(outcome);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return seen;
}

/** An operator gets in, if not at once, and an answer. */
async function expectAnswer(): Promise<void> {
  let client: CommandClient | undefined;
  while (client === undefined) {
    client = await CommandClient.open({ host: '127.0.0.1', port }, () => secret).catch(() => undefined);
    if (client === undefined) await pause(50);
  }
  expect((await client.send('ping')).status).toBe(200);
  expect((await client.send('vcl.list')).text).toContain('boot');
  client.close();
}

const attacks: Readonly<Record<string, () => Promise<void>>> = {
  async 'lines without an end'() {
    for (let each = 0; each < 8; each++) hostile().write(Buffer.alloc(4 * 1024 * 1024, 'x'));
  },
  async 'wrong secrets'() {
    for (let each = 0; each < 200; each++) hostile().end(`auth ${'0'.repeat(64)}\n`);
  },
  async 'bytes that mean nothing'() {
    const bytes = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 167 + (at >> 8)) & 0xff));
    for (let each = 0; each < 100; each++) hostile().write(bytes);
  },
  async 'clients that say nothing, or take nothing'() {
    for (let each = 0; each < 300; each++) hostile().pause();
    for (let each = 0; each < 20; each++) hostile().pause().write('help\n'.repeat(10_000));
  },
  async 'thousands of connections'() {
    for (let each = 0; each < 2_000; each++) {
      const socket = hostile();
      if (each % 100 === 0) await settled(socket);
    }
  },
  async 'a flood of commands from one who knows the secret'() {
    const { CommandClient: Client } = await import('../../src/cli/command-client.ts');
    const client = await Client.open({ host: '127.0.0.1', port }, () => secret);
    // More than are carried out while the requests are served; the rest stays with the kernel.
    void client.send('backend.list\nping\n'.repeat(100_000)).catch(() => {});
    setTimeout(() => client.close(), 3_000);
  },
};

test.for(Object.entries(attacks))('%s: 32 clients are served meanwhile', async ([, attack]) => {
  const served = serveClients();
  await attack();
  expect([...(await served)]).toEqual([200]);
  for (const socket of sockets) socket.destroy();
  await expectAnswer();
});

test('a stranger who waits gives way to others, and whoever has authenticated stays', async () => {
  const operator = await CommandClient.open({ host: '127.0.0.1', port }, () => secret);
  const first = hostile();
  await once(first, 'data');
  const gone = once(first, 'close');
  for (let each = 0; each < 100; each++) hostile();
  await gone;
  expect((await operator.send('ping')).status).toBe(200);
  operator.close();
});

test('operators come one after the other, and as many as they like, while strangers are refused', async () => {
  for (let each = 0; each < 100; each++) hostile();
  await new Promise((resolve) => sockets.at(-1)?.once('close', resolve).once('connect', resolve));
  for (const socket of sockets) socket.destroy();
  for (let each = 0; each < 200; each++) {
    const client = await CommandClient.open({ host: '127.0.0.1', port }, () => secret);
    expect((await client.send('ping')).status).toBe(200);
    client.close();
  }
});

test('whoever does not know the secret is logged, once, with where it came from', async () => {
  const socket = hostile();
  await once(socket, 'data');
  const from = socket.localPort ?? 0;
  const gone = once(socket, 'close');
  socket.write(`auth ${'0'.repeat(64)}\nauth ${'1'.repeat(64)}\n`);
  await gone;
  expect(refused).toEqual([{ port: from, count: 1 }]);
});
