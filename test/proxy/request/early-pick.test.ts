/** What hooks hear of a pick before there is anything to send: VCL's `resolve()`. */
import { expect, test } from 'vitest';
import type { HookContext } from '../../../src/config/hooks.ts';
import { shardDefaults } from '../../../src/config/shard-declaration.ts';
import { worldWith } from '../../support/proxy-world.ts';

const members = ['b1', 'b2'].map((target) => ({ target, weight: 1 }));
const directors = [
  { name: 'app', policy: { kind: 'fallback', sticky: false }, members },
  { name: 'ring', policy: { kind: 'shard', ...shardDefaults, choice: {} }, members },
] as const;

test('it is the backend that would be asked, and nobody where none is healthy', () => {
  const heard: (string | undefined)[] = [];
  const hear = ({ resolve }: HookContext) =>
    void heard.push(resolve('app'), resolve('b2'), resolve('nobody'));
  const world = worldWith({ directors, defaultTarget: 'app', hooks: { recv: hear, backendFetch: hear } });
  world.request();
  world.setHealth('b1', { override: 'sick' });
  world.request();
  world.setHealth('b2', { override: 'sick' });
  world.request();
  const first = ['b1', 'b2', undefined];
  const second = ['b2', 'b2', undefined];
  const none = [undefined, undefined, undefined];
  expect(heard).toEqual([first, first, second, second, none, none].flat());
});

test('it heeds saint entries, as soon as it is known what is asked for', () => {
  const heard: (string | undefined)[] = [];
  const hear = ({ resolve }: HookContext) => void heard.push(resolve('sm'));
  const world = worldWith({
    saintmodes: [{ name: 'sm', backend: 'b1', threshold: 10 }],
    defaultTarget: 'sm',
    hooks: {
      recv: hear,
      deliver: hear,
      backendResponse: ({ deny }) => {
        deny('20s');
        return 'deliver';
      },
    },
  });
  const exchange = world.request();
  world.transport.latest.answer(200, 'hello');
  expect(exchange.answer?.status).toBe(200);
  expect(heard).toEqual(['b1', undefined]);
});

test('of a shard director it is what the fetch would come to, for a key and for the next one in the ring', () => {
  const heard: (string | undefined)[] = [];
  const world = worldWith({
    directors,
    hooks: {
      backendFetch: ({ bereq, resolve }) => {
        bereq.shard('ring', { by: 'key', key: 7 });
        bereq.backend = { name: 'ring', shard: {} };
        heard.push(resolve(bereq.backend), resolve({ name: 'ring', shard: { alt: 1 } }));
      },
    },
  });
  world.request();
  expect(heard[0]).toBe(world.transport.latest.backend);
  expect(heard[1]).not.toBe(heard[0]);
});
