/** The examples of vmod_directors' manual, served over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityOf } from '../../../src/identity.ts';
import type { Origin } from '../../support/origin.ts';
import { ExampleWorld, withPorts } from './example-world.ts';
import { readExample } from './reference-documents.ts';

let world: ExampleWorld;
let one: Origin;
let two: Origin;

beforeEach(async () => {
  world = new ExampleWorld();
  one = await world.origin('1');
  two = await world.origin('2');
});

afterEach(() => world.close());

function serve(name: string): Promise<void> {
  const ports = { default: one.port, backend1: one.port, backend2: two.port };
  return world.serve(withPorts(readExample(name), ports));
}

async function picks(count: number, headers: Record<string, string> = {}): Promise<string> {
  let answers = '';
  for (let asked = 0; asked < count; asked++) answers += (await world.ask('/', 'GET', headers)).body;
  return answers;
}

async function removeBoth(): Promise<void> {
  expect(await world.ask('/remove')).toMatchObject({ status: 200, reason: 'Removed' });
  expect(await world.ask('/')).toMatchObject({ status: 503 });
}

describe("vmod_directors' manual", () => {
  for (const name of ['directors-import', 'directors-import-from']) {
    test(`${name}: import alone changes nothing`, async () => {
      await serve(name);
      expect(await world.ask('/')).toMatchObject({ status: 200, body: '1' });
    });
  }

  test('a director of vcl_init takes its backends in turn', async () => {
    await serve('directors-description');
    expect(await picks(4)).toBe('1212');
  });

  test('a backend is added when a certain URL is called', async () => {
    await serve('directors-on-url');
    expect(await picks(3)).toBe('111');
    expect(await world.ask('/add')).toMatchObject({ status: 200, reason: 'Added' });
    expect([...(await picks(4))].sort().join('')).toBe('1122');
  });

  test('round_robin takes its backends in turn, until they are removed', async () => {
    await serve('round-robin');
    expect(await picks(4)).toBe('1212');
    await removeBoth();
  });

  test('fallback takes the first one, and the second one when that is sick', async () => {
    await serve('fallback');
    expect(await picks(3)).toBe('111');
    const identity = identityOf('backend1', { kind: 'tcp', ipv4: '127.0.0.1', port: one.port });
    world.proxy.setHealth(identity, 'sick');
    expect(await picks(2)).toBe('22');
    world.proxy.setHealth(identity, 'auto');
    expect(await picks(2)).toBe('11');
    await removeBoth();
  });

  test('random gives two thirds to the first one', async () => {
    await serve('random');
    const answers = await picks(600);
    const first = answers.split('1').length - 1;
    // Seven standard deviations to each side of 400.
    expect(first).toBeGreaterThan(319);
    expect(first).toBeLessThan(481);
    await removeBoth();
  });

  test('hash has the same cookie always at the same backend, and different ones at both', async () => {
    await serve('hash');
    const taken = new Set<string>();
    for (let user = 0; user < 20; user++) {
      const answers = await picks(3, { Cookie: `user=${user}` });
      expect(new Set(answers).size).toBe(1);
      taken.add(answers);
    }
    expect(taken.size).toBe(2);
    await removeBoth();
  });
});
