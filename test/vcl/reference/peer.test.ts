/** The examples of vmod_peer's manual and of its README, served over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Origin } from '../../support/origin.ts';
import { ExampleWorld, withPorts } from './example-world.ts';
import { readExample } from './reference-documents.ts';

let world: ExampleWorld;
let origin: Origin;
let neighbour: Origin;
/** Bodies that the neighbour was sent. */
let bodies: string[];

beforeEach(async () => {
  world = new ExampleWorld();
  origin = await world.origin('origin');
  neighbour = await world.origin('neighbour');
  bodies = [];
  neighbour.answer = (request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      bodies.push(body);
      response.end();
    });
  };
});

afterEach(() => world.close());

function serve(name: string, isUpgraded = false): Promise<void> {
  const program = withPorts(readExample(name), { default: origin.port, peer: neighbour.port });
  return world.serve(program, isUpgraded);
}

function peerFigures() {
  const [figures] = world.proxy.stats().peers;
  if (figures === undefined) throw new Error('there is no peer');
  return figures;
}

describe("vmod_peer's manual", () => {
  test('import alone makes a peer that nothing is sent to', async () => {
    await serve('peer-import');
    expect(await world.ask('/')).toMatchObject({ status: 200, body: 'origin' });
    expect(peerFigures()).toMatchObject({ pending: 0 });
  });

  test('set says where requests are sent, with the Host of the client', async () => {
    await serve('peer-set');
    await world.ask('/a?b=c', 'GET', { Host: 'www.example.com', 'X-Own': 'kept', Connection: 'close' });
    await neighbour.until(() => bodies.length === 1);
    const [told] = neighbour.requests;
    expect(told).toMatchObject({ method: 'GET', url: '/a?b=c' });
    expect(told?.headers).toMatchObject({ host: 'www.example.com', 'x-own': 'kept', connection: 'close' });
  });

  test('set_threads(0,4) sets the new maximum to 4 and leaves the minimum', async () => {
    await serve('peer-set-threads');
    await world.ask('/');
    await neighbour.until(() => bodies.length === 1);
    expect(peerFigures()).toMatchObject({ minThreads: 1, maxThreads: 4 });
  });

  test('set_timeout(500) ends what is not answered in half a second, and nobody waits for it', async () => {
    await serve('peer-set-timeout');
    neighbour.answer = () => {};
    const failed = firstResult();
    expect(await world.ask('/')).toMatchObject({ status: 200, body: 'origin' });
    expect(await failed).toMatchObject({ outcome: 'failed', cause: 'timeout' });
  });

  test('set_connect_timeout(100) does not shorten what is connected', async () => {
    await serve('peer-set-connect-timeout');
    const done = firstResult();
    await world.ask('/');
    expect(await done).toMatchObject({ outcome: 'done' });
  });

  test('queue_req turns GETs into PURGEs for the neighbour, and stays out of their way', async () => {
    await serve('peer-queue-req');
    expect(await world.ask('/page')).toMatchObject({ status: 200, body: 'origin' });
    expect(await world.ask('/page', 'HEAD')).toMatchObject({ status: 200 });
    await neighbour.until(() => bodies.length === 1);
    expect(neighbour.requests).toMatchObject([{ method: 'PURGE', url: '/page' }]);
    expect(origin.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  test('queue_req_body posts its URL-encoded text and the time', async () => {
    await serve('peer-queue-req-body');
    await world.ask('/form');
    await neighbour.until(() => bodies.length === 1);
    expect(neighbour.requests).toMatchObject([{ method: 'POST', url: '/form' }]);
    expect(decodeURIComponent(bodies[0] ?? '')).toMatch(
      /^Form entry\n {12}sent \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
    );
    expect(bodies[0]).toContain('Form%20entry%0A');
    // The program leaves the request a POST, which is not for the cache.
    expect(origin.requests).toMatchObject([{ method: 'POST', url: '/form' }]);
  });
});

/** What the first operation comes to. */
function firstResult() {
  return new Promise((resolve) => {
    const watching = world.proxy.peerResults$.subscribe((result) => {
      resolve(result);
      queueMicrotask(() => watching.unsubscribe());
    });
  });
}

describe.each(['as it stands', 'in VCL 4.1'])("vmod_peer's README, %s", (how) => {
  beforeEach(() => serve('peer-readme', how === 'in VCL 4.1'));

  test('/status tells how many requests are pending', async () => {
    const answer = await world.ask('/status');
    expect(answer).toMatchObject({ status: 200, reason: 'Status' });
    expect(answer.body).toBe(' Pending peer requests: 0\n        ');
    expect(origin.requests).toEqual([]);
  });

  test('/status counts what waits while a thread is busy', async () => {
    const { answer } = neighbour;
    let release = () => {};
    neighbour.answer = (request, response) => {
      neighbour.answer = answer;
      release = () => answer(request, response);
    };
    await world.ask('/one', 'PURGE');
    await neighbour.until(() => neighbour.requests.length === 1);
    await world.ask('/two', 'PURGE');
    await world.ask('/three', 'PURGE');
    expect((await world.ask('/status')).body).toBe(' Pending peer requests: 2\n        ');
    release();
    await neighbour.until(() => bodies.length === 3);
    expect((await world.ask('/status')).body).toBe(' Pending peer requests: 0\n        ');
  });

  test('PURGE of what is there says 200 and takes it away, here and at the neighbour', async () => {
    origin.answer = (_request, response) => {
      response.setHeader('Cache-Control', 'max-age=100');
      response.end('origin');
    };
    await world.ask('/page');
    await world.ask('/page');
    expect(origin.requests).toHaveLength(1);
    expect(await world.ask('/page', 'PURGE')).toMatchObject({ status: 200, reason: 'Purged.' });
    await neighbour.until(() => bodies.length === 1);
    expect(neighbour.requests).toMatchObject([{ method: 'PURGE', url: '/page' }]);
    await world.ask('/page');
    expect(origin.requests).toHaveLength(2);
  });

  test('PURGE of what is not there says 404, and the neighbour is told, too', async () => {
    const answer = await world.ask('/nothing', 'PURGE');
    expect(answer).toMatchObject({ status: 404, reason: 'Not found' });
    expect(answer.body).toContain('<h1>Error 404 Not found</h1>');
    await neighbour.until(() => bodies.length === 1);
    expect(neighbour.requests).toMatchObject([{ method: 'PURGE', url: '/nothing' }]);
    expect(origin.requests).toEqual([]);
  });
});
