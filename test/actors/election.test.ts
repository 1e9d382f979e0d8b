/** The election, a pure function, against phk's rules read one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Declaration, elect, withDeclaration } from '../../src/actors/election.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { probeOf } from '../support/control-world.ts';

const keys = ['a', 'b', 'c', 'd'].map((name, i) => configKeyOf(name, i + 1));
const probe = probeOf();

function declarationOf(config: Declaration['config'], probed: boolean, active: boolean): Declaration {
  return { config, probe: probed ? probe : undefined, hostHeader: 'h', active };
}

const declared = fc.array(
  fc.record({ config: fc.constantFrom(...keys), probed: fc.boolean(), active: fc.boolean() }),
  { maxLength: 12 },
);

test('each config is there once, in order of first mention, as it last spoke; at most the latest active one is marked', () => {
  fc.assert(
    fc.property(declared, (sequence) => {
      let declarations: readonly Declaration[] = [];
      for (const { config, probed, active } of sequence) {
        declarations = withDeclaration(declarations, declarationOf(config, probed, active));
      }
      const order = [...new Set(sequence.map(({ config }) => config))];
      expect(declarations.map(({ config }) => config)).toEqual(order);
      const lastActive = sequence.findLastIndex(({ active }) => active);
      for (const one of declarations) {
        const last = sequence.findLastIndex(({ config }) => config === one.config);
        expect(one.probe !== undefined).toBe(sequence[last]?.probed);
        expect(one.active).toBe(last === lastActive);
      }
    }),
  );
});

test("the active config's probe is elected if it has one; else the one elected so far stays; else any one", () => {
  fc.assert(
    fc.property(declared, fc.option(fc.constantFrom(...keys), { nil: undefined }), (sequence, current) => {
      let declarations: readonly Declaration[] = [];
      for (const { config, probed, active } of sequence) {
        declarations = withDeclaration(declarations, declarationOf(config, probed, active));
      }
      const candidates = declarations.filter((one) => one.probe !== undefined);
      const active = candidates.find((one) => one.active);
      const incumbent = candidates.find((one) => one.config === current);
      const elected = elect(declarations, current);
      if (active !== undefined) expect(elected).toBe(active);
      else if (incumbent !== undefined) expect(elected).toBe(incumbent);
      else if (candidates.length > 0) expect(candidates).toContain(elected);
      else expect(elected).toBeUndefined();
    }),
  );
});
