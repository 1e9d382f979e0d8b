import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { BackendContext } from '../../../../src/actors/backend.ts';
import { previewSwitch } from '../../../../src/admin/http/show/preview-switch.ts';
import type { Identity } from '../../../../src/identity.ts';
import { backendOf, ControlWorld, describeConfig, probeOf } from '../../../support/control-world.ts';

/** Of each of four backends: whether a config declares it, and with a probe or not. */
const aDeclaration = fc.constantFrom('absent', 'bare', 'probed');
const aConfig = fc.tuple(aDeclaration, aDeclaration, aDeclaration, aDeclaration);

function described(config: readonly string[], url: string) {
  const backends = config.flatMap((declared, i) => {
    if (declared === 'absent') return [];
    return backendOf(`b${i}`, 8_000 + i, declared === 'probed' ? probeOf({ url }) : undefined);
  });
  return describeConfig({ backends });
}

function electedIn({ control }: ControlWorld): Map<Identity, string | undefined> {
  const ids = [...control.registry.ids('backend')] as Identity[];
  return new Map(
    ids.map((id) => {
      const context: BackendContext | undefined = control.registry.snapshot('backend', id)?.context;
      return [id, context?.elected?.config];
    }),
  );
}

test.prop([aConfig, aConfig, aConfig, fc.boolean()])(
  'a dry run foretells which pollers move, and changes nothing',
  async (a, b, c, usesSecond) => {
    const configs = { a: described(a, '/a'), b: described(b, '/b'), c: described(c, '/c') };
    const world = new ControlWorld({ configs, answersAfterMs: 1 });
    for (const name of ['a', 'b', 'c']) await world.load(name);
    await world.control.use(usesSecond ? 'b' : 'a');
    world.clock.advance(100);
    const before = electedIn(world);
    const { pollersThatMove, newIdentities, done } = previewSwitch(world.control, 'c');
    expect(done).toBe(false);
    expect(electedIn(world)).toEqual(before);
    const old = new Set(configs[usesSecond ? 'b' : 'a'].backends.map(({ identity }) => identity));
    const expectedNew = configs.c.backends.map(({ identity }) => identity).filter((one) => !old.has(one));
    expect(newIdentities).toEqual(expectedNew);
    await world.control.use('c');
    world.clock.advance(100);
    const after = electedIn(world);
    const moved = [...after].filter(([id, config]) => config !== before.get(id) && config !== undefined);
    const byIdentity = (x: { identity: string }, y: { identity: string }) =>
      x.identity < y.identity ? -1 : 1;
    expect([...pollersThatMove].sort(byIdentity)).toEqual(
      moved
        .map(([identity, to]) => {
          const from = before.get(identity);
          return { identity, ...(from !== undefined && { from }), to };
        })
        .sort(byIdentity),
    );
    world.control.close();
  },
);

test('what is not healthy now is told beforehand; a backend without a probe is', async () => {
  const configs = {
    a: describeConfig({ backends: [backendOf('x', 1)] }),
    b: describeConfig({ backends: [backendOf('x', 1), backendOf('y', 2, probeOf())] }),
  };
  const world = new ControlWorld({ configs, answersAfterMs: 1 });
  world.healthy = () => false;
  for (const name of ['a', 'b']) await world.load(name);
  await world.control.use('a');
  world.clock.advance(1_000);
  const { sickBackends } = previewSwitch(world.control, 'b');
  expect(sickBackends).toEqual([{ identity: 'y(127.0.0.1:2,)', health: 'sick', override: 'auto' }]);
  world.control.close();
});

test('a config that cannot be used is refused as `use` refuses it', async () => {
  const world = new ControlWorld({ configs: { a: describeConfig({}), b: describeConfig({}) } });
  for (const name of ['a', 'b']) await world.load(name);
  await world.control.setState('b', 'cold');
  for (const name of ['b', 'none', 'constructor']) {
    const refused: { code?: string } = await world.control.use(name).then(
      () => ({}),
      (error) => error,
    );
    expect(refused.code).toMatch(/^command\./);
    expect(() => previewSwitch(world.control, name)).toThrow(expect.objectContaining({ code: refused.code }));
  }
  world.control.close();
});
