/** What hooks say to shard directors, through the life of a request. */
import { describe, expect, test } from 'vitest';
import type { DirectorDeclaration } from '../../../src/config/declaration.ts';
import { currentScope } from '../../../src/config/hook-scope.ts';
import type { Hooks } from '../../../src/config/hooks.ts';
import { type ShardChoice, shardDefaults } from '../../../src/config/shard-declaration.ts';
import { readShardUse, type ShardUse } from '../../../src/config/shard-use.ts';
import { RequestHash } from '../../../src/proxy/request/request-hash.ts';
import { keyOfHash, shardKey } from '../../../src/shard-key.ts';
import { naiveOrder } from '../../support/naive-shard.ts';
import { worldWith } from '../../support/proxy-world.ts';

const names = ['b1', 'b2', 'b3', 'b4'];
const members = names.map((target) => ({ target, weight: 1 }));
const entries = names.map((ident) => ({ ident, weight: 1 }));
const byKey = (key: number, alt = 0) => names[naiveOrder(entries, 67, key)[alt] ?? 0];

function shardNamed(name: string, choice: ShardChoice = {}): DirectorDeclaration {
  return { name, policy: { kind: 'shard', ...shardDefaults, choice }, members };
}

const use = (options: ShardUse) => ({ name: 'd', shard: readShardUse(options, 'backend()') });

/** Whom a request is sent to, and each retry of it. */
function asked(hooks: Hooks, { directors = [shardNamed('d')], defaultTarget = 'd', url = '/item/1' } = {}) {
  const world = worldWith({ backends: names, directors, defaultTarget, hooks });
  world.request({ target: url, fields: ['Host', 'example.com'] });
  return { world, targets: () => world.transport.fetches.map((sent) => sent.backend) };
}

describe('a request', () => {
  const hash = keyOfHash(new RequestHash(['/item/1', 'example.com']).bytes());

  test('is placed by its hash if nobody says more', () => {
    expect(asked({}).targets()).toEqual([byKey(hash)]);
  });

  test('takes a key, an alternative or the URL with the director that it names', () => {
    const to = (options: ShardUse) =>
      asked({
        recv({ req }) {
          req.backend = use(options);
          return 'pass';
        },
      }).targets();
    for (const key of ['a', 'b', 'c', 'd', 'e']) expect(to({ key })).toEqual([byKey(shardKey(key))]);
    expect(to({ alt: 1 })).toEqual([byKey(hash, 1)]);
    expect(to({ by: 'url' })).toEqual([byKey(shardKey('/item/1'))]);
  });

  test('is placed by the URL that the backend is asked for', () => {
    const hooks: Hooks = {
      backendFetch({ bereq }) {
        bereq.url = '/changed';
        bereq.backend = use({ by: 'url' });
        return 'fetch';
      },
    };
    expect(asked(hooks).targets()).toEqual([byKey(shardKey('/changed'))]);
  });

  test('says of a parameter set what counts for every director of it, nested ones too', () => {
    const retry = { id: 'param:retry', choice: {} };
    const outer: DirectorDeclaration = {
      name: 'outer',
      policy: { kind: 'round_robin' },
      members: [{ target: 'd', weight: 1 }],
    };
    const hooks: Hooks = {
      backendFetch({ bereq }) {
        bereq.shard(retry, { alt: 2, by: 'url' });
        return 'fetch';
      },
    };
    const directors = [shardNamed('d', { param: retry }), outer];
    expect(asked(hooks, { directors, defaultTarget: 'outer' }).targets()).toEqual([
      byKey(shardKey('/item/1'), 2),
    ]);
  });

  test('a mistake in an option fails that request, and says which', () => {
    const { world, targets } = asked({
      backendFetch({ bereq }) {
        bereq.shard('d', { alt: -1 });
        return 'fetch';
      },
    });
    expect(targets()).toEqual([]);
    expect(world.hookErrors[0]?.error.message).toContain('bereq.shard(): alt must be a whole number from 0');
  });
});

describe('members while serving', () => {
  test('come and go at once, and as facts', () => {
    const { world } = asked({
      recv({ req }) {
        const { shards } = currentScope('test');
        if (req.url === '/change') {
          const skipped = shards.change('d', [
            { type: 'add', target: 'b1', ident: 'again', weight: 2, rampupMs: 50 },
            { type: 'add', target: 'b1' },
            { type: 'remove', target: 'b2' },
          ]);
          expect(skipped).toEqual(['b1']);
        }
        if (req.url === '/clear') shards.change('d', [{ type: 'clear' }, { type: 'add', target: 'b3' }]);
        return 'pass';
      },
    });
    world.request({ target: '/change' });
    world.request({ target: '/clear' });
    for (let i = 0; i < 20; i++) world.request({ target: `/${i}` });
    expect(new Set(world.transport.fetches.slice(-20).map((sent) => sent.backend))).toEqual(new Set(['b3']));
    world.clock.advance(1_000);
    const common = { config: 'boot@1', director: 'd' };
    expect(world.facts.slice(0, 2)).toEqual([
      { type: 'member.removed', ...common, target: 'b2', ident: 'b2' },
      { type: 'member.added', ...common, target: 'b1', weight: 2, ident: 'again', rampupMs: 50 },
    ]);
    expect(world.facts.filter(({ type }) => type === 'member.removed')).toHaveLength(5);
  });

  test.each<[string, () => unknown, string]>([
    ['an unknown director', () => currentScope('x').shards.change('e', []), 'no shard director e'],
    [
      'an unknown member',
      () => currentScope('x').shards.change('d', [{ type: 'add', target: 'b9' }]),
      'there is no backend, director or saintmode object b9',
    ],
    [
      'a light one',
      () => currentScope('x').shards.change('d', [{ type: 'add', target: 'b1', ident: 'i', weight: 0.5 }]),
      'weight is 0.5',
    ],
    ['itself', () => currentScope('x').shards.change('d', [{ type: 'add', target: 'd' }]), 'd > d'],
    ['no replicas', () => currentScope('x').shards.change('d', [], 0), 'replicas is 0'],
    [
      'nothing to remove',
      () => currentScope('x').shards.change('d', [{ type: 'remove' }]),
      'what to remove is missing',
    ],
    ['a sure warm-up', () => currentScope('x').shards.setWarmup('d', 1), 'warmup is 1'],
    ['a ramp-up of the past', () => currentScope('x').shards.setRampup('d', -1), 'rampup is -1 ms'],
  ])('%s is refused', (_, act, message) => {
    const { world, targets } = asked({ recv: () => act() as undefined });
    expect(world.hookErrors[0]?.error.message).toContain(message);
    expect(targets()).toEqual([]);
  });
});
