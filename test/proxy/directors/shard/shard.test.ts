/** What the shard director promises, over random rings, and beside a walk round the whole ring. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { SaintList } from '../../../../src/compact/saint-list.ts';
import type { DirectorDeclaration, MemberDeclaration } from '../../../../src/config/declaration.ts';
import {
  type ShardChoice,
  type ShardHealth,
  shardDefaults,
} from '../../../../src/config/shard-declaration.ts';
import { createTargetGraph } from '../../../../src/proxy/directors/target-graph.ts';
import { shardKey } from '../../../../src/shard-key.ts';
import { naiveOrder, naiveShardPick } from '../../../support/naive-shard.ts';
import { resolvedBackend } from '../../../support/resolved-backend.ts';

interface Setting {
  readonly members: readonly MemberDeclaration[];
  readonly sick?: readonly string[];
  readonly replicas?: number;
  readonly warmup?: number;
  readonly rampupMs?: number;
  readonly outer?: readonly DirectorDeclaration[];
}

const member = (target: string, weight = 1): MemberDeclaration => ({ target, weight });
const sm = (name: string) => `sm_${name}`;

/** A shard director `d` of backends b0 to b9, each also there as a saintmode object, and its picks. */
function world({ members, sick = [], replicas = 67, warmup = 0, rampupMs = 0, outer = [] }: Setting) {
  const time = { now: 1_000_000 };
  const names = Array.from({ length: 10 }, (_, i) => `b${i}`);
  const graph = createTargetGraph({
    backends: names.map((name) => resolvedBackend(name)),
    directors: [
      { name: 'd', policy: { kind: 'shard', replicas, warmup, rampupMs, choice: {} }, members },
      ...outer,
    ],
    saintmodes: names.map((name) => ({ name: sm(name), backend: name, threshold: 100 })),
    saints: new SaintList(),
    now: () => time.now,
  });
  const order = (name: string, override: 'sick' | 'healthy') =>
    graph.setHealth(resolvedBackend(name).identity, {
      polled: 'unprobed',
      passing: false,
      override,
      changedAt: time.now,
    });
  for (const name of sick) order(name, 'sick');
  const requestFor = (key: number, { choice = {}, denied = [], random = 0 }: Asked = {}) => ({
    denied: denied.length === 0 ? undefined : new Set(denied.map((name) => resolvedBackend(name).identity)),
    key: () => new Uint8Array(32),
    random: () => random,
    shardChoice: (name: string): ShardChoice | undefined =>
      name === 'd' ? { by: 'key', key, ...choice } : undefined,
  });
  const pick = (key: number, asked?: Asked, director = 'd') =>
    graph.get(director)?.resolve(requestFor(key, asked))?.name;
  return { graph, order, pick, time, requestFor };
}

interface Asked {
  readonly choice?: ShardChoice;
  readonly denied?: readonly string[];
  readonly random?: number;
}

const keys = Array.from({ length: 300 }, (_, i) => shardKey(`/item/${i}`));
const backends = Array.from({ length: 10 }, (_, i) => `b${i}`);
const someBackends = fc.subarray(backends);
const setting = fc.record({
  members: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...backends), fc.constantFrom(1, 1, 2, 3.7)), {
      selector: ([name]) => name,
      minLength: 1,
    })
    .map((list) => list.map(([name, weight]) => member(sm(name), weight))),
  sick: someBackends,
  replicas: fc.constantFrom(1, 2, 3, 20, 67),
});
const choice = fc.record({
  alt: fc.nat(11),
  healthy: fc.constantFrom<ShardHealth>('chosen', 'all', 'ignore'),
});

describe('a pick', () => {
  test.prop([setting, choice, fc.array(fc.nat(0xffff_ffff), { maxLength: 20 }), someBackends], {
    numRuns: 300,
  })(
    'is that of a walk round the whole ring, a denied member being a sick one',
    (given, options, random, denied) => {
      const { pick } = world(given);
      const unusable = new Set([...given.sick, ...denied].map(sm));
      const entries = given.members.map(({ target, weight }) => ({ ident: target, weight }));
      const isUsable = (at: number) => !unusable.has(given.members[at]?.target ?? '');
      for (const key of [...random, 0, 0xffff_ffff]) {
        const at = naiveShardPick(naiveOrder(entries, given.replicas, key), isUsable, options);
        // With health ignored, the member picked may be one that has nothing to resolve to.
        const isNone = at === undefined || !isUsable(at);
        const expected = isNone ? undefined : given.members[at]?.target.slice(3);
        expect(pick(key, { choice: options, denied })).toBe(expected);
      }
    },
  );

  test.prop([setting, choice, fc.nat(0xffff_ffff), someBackends], { numRuns: 300 })(
    'is never none while a member can be used, unless health is ignored',
    (given, options, key, denied) => {
      const { pick } = world(given);
      const unusable = [...given.sick, ...denied].map(sm);
      const some = given.members.some(({ target }) => !unusable.includes(target));
      const health = options.healthy === 'ignore' ? 'chosen' : options.healthy;
      expect(pick(key, { choice: { ...options, healthy: health }, denied }) !== undefined).toBe(some);
    },
  );

  test.prop([setting, fc.array(fc.tuple(fc.constantFrom(...backends), fc.boolean()), { maxLength: 30 })], {
    numRuns: 200,
  })(
    'after any number of health changes is that of a director which begins with this health',
    (given, changes) => {
      const { pick, order } = world(given);
      const sick = new Set(given.sick);
      for (const [name, healthy] of changes) {
        order(name, healthy ? 'healthy' : 'sick');
        if (healthy) sick.delete(name);
        else sick.add(name);
        const fresh = world({ ...given, sick: [...sick] });
        for (const key of keys.slice(0, 15)) expect(pick(key)).toBe(fresh.pick(key));
      }
    },
  );
});

describe('stability', () => {
  const picksOf = (given: Setting) => {
    const { pick } = world(given);
    return keys.map((key) => pick(key));
  };

  test.prop([setting, fc.nat()])('when a member goes, only its keys move', ({ members, replicas }, n) => {
    const gone = members[n % members.length]?.target;
    const before = picksOf({ members, replicas: replicas + 2 });
    const after = picksOf({
      members: members.filter(({ target }) => target !== gone),
      replicas: replicas + 2,
    });
    for (const [i, picked] of before.entries()) if (picked !== gone?.slice(3)) expect(after[i]).toBe(picked);
  });

  test.prop([setting, fc.nat()])(
    'when a member falls sick, only its keys move',
    ({ members, replicas }, n) => {
      const fallen = members[n % members.length]?.target.slice(3) ?? '';
      const before = picksOf({ members, replicas });
      const after = picksOf({ members, replicas, sick: [fallen] });
      for (const [i, picked] of before.entries()) if (picked !== fallen) expect(after[i]).toBe(picked);
      expect(after).not.toContain(fallen);
    },
  );

  plain('a member that takes over another ident takes over its keys', () => {
    const before = picksOf({ members: backends.map((name) => member(name)) });
    const renamed = { target: 'b3', weight: 1, ident: 'b9' };
    const after = picksOf({ members: [...backends.slice(0, 9).map((name) => member(name)), renamed] });
    expect(after).toEqual(before.map((name) => (name === 'b9' ? 'b3' : name)));
  });
});

describe('shares', () => {
  const shareOf = (picked: readonly (string | undefined)[], name: string) =>
    picked.filter((one) => one === name).length / picked.length;
  const manyKeys = Array.from({ length: 20_000 }, (_, i) => shardKey(`key ${i}`));

  plain('are even within a quarter with 67 points each, and follow weights', () => {
    const even = world({ members: backends.map((name) => member(name)) });
    const picked = manyKeys.map((key) => even.pick(key));
    for (const name of backends) {
      expect(shareOf(picked, name)).toBeGreaterThan(0.075);
      expect(shareOf(picked, name)).toBeLessThan(0.125);
    }
    const uneven = world({ members: [member('b0', 3), member('b1'), member('b2')], replicas: 400 });
    const three = manyKeys.map((key) => uneven.pick(key));
    expect(Math.abs(shareOf(three, 'b0') - 0.6)).toBeLessThan(0.06);
  });

  plain('of warm-up go to the next alternative, which is the pick of alt 1', () => {
    const { pick } = world({ members: backends.map((name) => member(name)), warmup: 0.25 });
    for (const key of keys) {
      const alternative = pick(key, { choice: { alt: 1 } });
      expect(pick(key, { random: 0.25 })).toBe(alternative);
      expect(pick(key, { random: 0.26 })).not.toBe(alternative);
      expect(pick(key, { random: 0.26, choice: { warmup: 0.5 } })).toBe(alternative);
      expect(pick(key, { random: 0, choice: { warmup: 0, alt: 0 } })).not.toBe(alternative);
    }
  });
});

describe('ramp-up', () => {
  const members = [member('b0'), member('b1'), member('b2')];
  const isPreferredBy = (name: string) => {
    const { pick } = world({ members });
    return keys.filter((key) => pick(key) === name);
  };
  const keysOfB0 = isPreferredBy('b0');

  plain('a member that has returned gets its keys back as its time passes, in proportion', () => {
    const { pick, order, time } = world({ members, rampupMs: 1_000 });
    order('b0', 'sick');
    order('b0', 'healthy');
    for (const ms of [1, 100, 500, 999]) {
      time.now = 1_000_000 + ms;
      for (const key of keysOfB0) {
        expect(pick(key, { random: ms / 1_000 - 1e-9 })).toBe('b0');
        expect(pick(key, { random: ms / 1_000 + 1e-9 })).not.toBe('b0');
        expect(pick(key, { random: 0.999, choice: { rampup: false } })).toBe('b0');
      }
    }
    time.now = 1_001_000;
    for (const key of keysOfB0) expect(pick(key, { random: 0.999 })).toBe('b0');
  });

  plain('does not send keys from one new member to another', () => {
    const { pick, order } = world({ members, rampupMs: 1_000 });
    for (const name of ['b0', 'b1', 'b2'])
      for (const health of ['sick', 'healthy'] as const) order(name, health);
    for (const key of keysOfB0) expect(pick(key, { random: 0.999 })).toBe('b0');
  });

  plain('can be a member of its own, and concerns the preferred member alone', () => {
    const own = [{ ...member('b0'), rampupMs: 5_000 }, member('b1'), member('b2')];
    const { pick, order, time } = world({ members: own });
    order('b0', 'sick');
    order('b0', 'healthy');
    time.now += 2_500;
    for (const key of keysOfB0) {
      expect([pick(key, { random: 0.49 }), pick(key, { random: 0.51 })]).toEqual([
        'b0',
        pick(key, { choice: { alt: 1 } }),
      ]);
    }
  });

  plain('of a nested director begins when the director became healthy', () => {
    const inner: DirectorDeclaration = {
      name: 'in',
      policy: { kind: 'round_robin' },
      members: [member('b0')],
    };
    const { pick, order, time } = world({
      members: [member('in'), member('b1')],
      rampupMs: 1_000,
      outer: [inner],
    });
    const own = keys.filter((key) => pick(key) === 'b0');
    expect(own.length).toBeGreaterThan(0);
    order('b0', 'sick');
    time.now += 50;
    order('b0', 'healthy');
    for (const key of own) expect(pick(key, { random: 0.5 })).toBe('b1');
    time.now += 600;
    for (const key of own) expect(pick(key, { random: 0.5 })).toBe('b0');
  });
});

describe('alternatives', () => {
  plain('are all different, and as many as there are members', () => {
    const { pick } = world({ members: backends.map((name) => member(name)) });
    for (const key of keys.slice(0, 50)) {
      const order = backends.map((_, alt) => pick(key, { choice: { alt } }));
      expect(new Set(order).size).toBe(10);
      expect(pick(key, { choice: { alt: 99 } })).toBe(order[9]);
    }
  });

  plain(
    'where varnishd gives up, the healthy member that was passed over is picked, as its manual says',
    () => {
      const { pick } = world({ members: [member('b0'), member('b1')], sick: ['b1'] });
      for (const key of keys) expect(pick(key, { choice: { alt: 1 } })).toBe('b0');
    },
  );
});

describe('nesting', () => {
  plain('in other directors and of other directors, with health rolled up', () => {
    const inner: DirectorDeclaration = {
      name: 'in',
      policy: { kind: 'fallback', sticky: false },
      members: [member('b8'), member('b9')],
    };
    const outer: DirectorDeclaration = {
      name: 'out',
      policy: { kind: 'fallback', sticky: false },
      members: [member('d'), member('b5')],
    };
    const { pick, order, graph } = world({ members: [member('b0'), member('in')], outer: [inner, outer] });
    const picked = () => new Set(keys.map((key) => pick(key, {}, 'out')));
    expect(picked()).toEqual(new Set(['b0', 'b8']));
    order('b8', 'sick');
    expect(picked()).toEqual(new Set(['b0', 'b9']));
    order('b9', 'sick');
    expect(picked()).toEqual(new Set(['b0']));
    order('b0', 'sick');
    expect(graph.get('d')?.healthy).toBe(false);
    expect(picked()).toEqual(new Set(['b5']));
  });
});

describe('parameter sets', () => {
  const param = { id: 'param:1', choice: { alt: 1, healthy: 'all' } as const };
  const graphWith = (choiceOfD: ShardChoice) =>
    createTargetGraph({
      backends: backends.map((name) => resolvedBackend(name)),
      directors: [
        {
          name: 'd',
          policy: { kind: 'shard', ...shardDefaults, choice: choiceOfD },
          members: backends.map((name) => member(name)),
        },
      ],
      saintmodes: [],
      saints: new SaintList(),
      now: () => 0,
    });
  const asked = (said: Readonly<Record<string, ShardChoice>>) => ({
    denied: undefined,
    key: () => new Uint8Array(32),
    random: () => 0,
    url: () => '/item/1',
    shardChoice: (name: string) => said[name],
  });

  plain(
    'what is said with a request comes first, then the director, then what is said of the set, then the set',
    () => {
      const free = graphWith({ by: 'url' });
      const nth = (alt: number) => free.get('d')?.resolve(asked({ d: { alt } }))?.name;
      const graph = graphWith({ by: 'url', param });
      const pick = (said: Readonly<Record<string, ShardChoice>>) =>
        graph.get('d')?.resolve(asked(said))?.name;
      expect(pick({})).toBe(nth(1));
      expect(pick({ 'param:1': { alt: 2 } })).toBe(nth(2));
      expect(pick({ 'param:1': { alt: 2 }, d: { alt: 3 } })).toBe(nth(3));
      expect(pick({ d: { param: { id: 'param:2', choice: { alt: 4 } } } })).toBe(nth(4));
      graph.shardParams.set('param:1', { alt: 5 });
      expect(pick({})).toBe(nth(5));
      graph.shard('d')?.associate(undefined);
      expect(pick({})).toBe(nth(0));
      expect(graphWith({ by: 'url', alt: 6, param }).get('d')?.resolve(asked({}))?.name).toBe(nth(6));
    },
  );

  plain('a key goes with its by: one that is said for another by does not count', () => {
    const graph = graphWith({ by: 'url' });
    const byUrl = graph.get('d')?.resolve(asked({}))?.name;
    expect(graph.get('d')?.resolve(asked({ d: { alt: 0 } }))?.name).toBe(byUrl);
    expect(graph.get('d')?.resolve(asked({ d: { by: 'key', key: shardKey('/item/1') } }))?.name).toBe(byUrl);
  });
});
