/** The examples of vmod_saintmode's manual, served over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Origin } from '../../support/origin.ts';
import { ExampleWorld, withPorts } from './example-world.ts';
import { readExample } from './reference-documents.ts';

let world: ExampleWorld;
let bad: Origin;
let good: Origin;

beforeEach(async () => {
  world = new ExampleWorld();
  bad = await world.origin('bad');
  good = await world.origin('good');
  bad.answer = (request, response) => {
    if (request.url?.startsWith('/broken')) response.writeHead(500, { 'broken-app': '1' });
    response.end('bad');
  };
});

afterEach(() => world.close());

function serve(name: string): Promise<void> {
  const ports = { default: good.port, b: bad.port, b0: bad.port, b1: good.port };
  return world.serve(withPorts(readExample(name), ports));
}

function entries() {
  return world.proxy.saintEntries().entries.map(({ identity }) => identity);
}

describe("vmod_saintmode's manual", () => {
  test('import alone changes nothing', async () => {
    await serve('saintmode-import');
    expect(await world.ask('/')).toMatchObject({ status: 200, body: 'good' });
  });

  test('a 500 is retried on the other backend, and the first is not asked for that object again', async () => {
    await serve('saintmode-example');
    for (let count = 0; count < 20; count++) {
      expect(await world.ask('/broken')).toMatchObject({ status: 200, body: 'good' });
    }
    // Random chose it once, at most: from then on it has an entry.
    expect(bad.requests.length).toBeLessThanOrEqual(1);
    const asked = bad.requests.length;
    for (let count = 0; count < 20; count++) await world.ask(`/fine/${count}`);
    expect(bad.requests.length).toBeGreaterThan(asked);
  });

  test('ten objects on its list make a backend sick for all', async () => {
    await serve('saintmode-example');
    for (let count = 0; bad.requests.length < 10; count++) {
      expect(await world.ask(`/broken/${count}`)).toMatchObject({ status: 200, body: 'good' });
    }
    for (let count = 0; count < 20; count++) {
      expect(await world.ask(`/fine/${count}`)).toMatchObject({ body: 'good' });
    }
    expect(bad.requests).toHaveLength(10);
  });

  for (const name of ['saintmode-object', 'saintmode-backend']) {
    test(`${name}: what one object stands for is sick for what failed, and well for the rest`, async () => {
      await serve(name);
      expect(await world.ask('/broken')).toMatchObject({ status: 503 });
      expect(await world.ask('/fine')).toMatchObject({ status: 200, body: 'bad' });
      expect(bad.requests.map(({ url }) => url)).toEqual(['/broken', '/fine']);
      expect(entries()).toEqual([`b(127.0.0.1:${bad.port},)`]);
    });
  }

  test('blacklist takes its reason from a field of the answer', async () => {
    await serve('saintmode-blacklist');
    expect(await world.ask('/broken')).toMatchObject({ status: 200, body: 'good' });
    expect(await world.ask('/broken')).toMatchObject({ status: 200, body: 'good' });
    expect(await world.ask('/fine')).toMatchObject({ status: 200, body: 'bad' });
    expect(bad.requests.map(({ url }) => url)).toEqual(['/broken', '/fine']);
    expect(entries()).toEqual([`b0(127.0.0.1:${bad.port},)`]);
  });
});
