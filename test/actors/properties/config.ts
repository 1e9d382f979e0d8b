/** A config that gets commands and permissions for slices of work in any order, and is replaced meanwhile. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { countItems } from '../../../src/actors/announcement.ts';
import { type ConfigEmitted, configMachine } from '../../../src/actors/config.ts';
import type { ConfigDescription } from '../../../src/config/declaration.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import {
  checkMachine,
  given,
  type Moment,
  type Observer,
  type TimedMachine,
} from '../../../src/testing/index.ts';
import { descriptionOf, ItemListener } from '../../support/config-items.ts';

const itemsOf = (description: ConfigDescription | undefined) =>
  description === undefined ? 0 : countItems(description);

type ConfigMoment = Moment<typeof configMachine>;

/** Sends what brings any state to its end, and grants every slice that is asked for meanwhile. */
function endFrom(
  last: ConfigMoment,
  machine: TimedMachine<typeof configMachine>,
  listener: ItemListener,
): ConfigMoment {
  let moment = last;
  const send = (event: Parameters<typeof machine.send>[1]) => {
    moment = machine.send(moment, event);
    for (const one of moment.emitted) listener.hear(one);
  };
  const grantAll = () => {
    while (!machine.isOver(moment) && listener.asked > 0) {
      listener.asked--;
      send({ type: 'slice.granted' });
    }
  };
  if (moment.snapshot.value === 'loading') send({ type: 'config.loaded', description: descriptionOf(3) });
  grantAll();
  const items = itemsOf(moment.snapshot.context.description);
  const { snapshot } = moment;
  const isGone = snapshot.matches('cold') || snapshot.matches('draining') || snapshot.status === 'done';
  expect(listener.known.size, 'at rest, all of it is known, or nothing').toBe(isGone ? 0 : items);
  if (snapshot.matches('active')) {
    for (const { identity } of snapshot.context.description?.backends ?? []) {
      expect(listener.known.get(identity), 'as the active config').toBe(true);
    }
  }
  send({ type: 'config.deactivate' });
  send({ type: 'config.discard' });
  send({ type: 'config.drained' });
  grantAll();
  return moment;
}

function observe(): Observer<typeof configMachine> {
  const listener = new ItemListener();
  return {
    at({ event, emitted, snapshot: { context } }) {
      if (event?.type === 'slice.granted') listener.asked = Math.max(0, listener.asked - 1);
      if (event?.type === 'actor.restored') listener.asked = 0;
      for (const one of emitted) listener.hear(one);
      const says = (type: ConfigEmitted['type']) => emitted.some((one) => one.type === type);
      if (says('config.announced')) expect(listener.known.size).toBe(itemsOf(context.description));
      if (says('config.discarded')) expect(listener.known.size).toBe(0);
    },
    atEnd(last, machine) {
      if (last.snapshot.value === 'failed') return;
      const end = endFrom(last, machine, listener);
      expect(end.snapshot.value).toBe('discarded');
      expect(end.timers).toEqual([]);
      expect(listener.count('config.discarded')).toBe(1);
      expect(listener.known.size).toBe(0);
    },
  };
}

const director = fc.constantFrom('dir-b0', 'dir-b4', 'unheard-of');

export const config = {
  invariant:
    'every item is declared before it says so, and withdrawn before it goes; with commands and slices in any order it always ends',
  check: () =>
    checkMachine(configMachine, {
      input: fc.constantFrom(0, 100, 30_000).map((drainTimeoutMs) => ({
        key: configKeyOf('boot', 1),
        name: 'boot',
        drainTimeoutMs,
      })),
      events: {
        'config.loaded': fc.nat({ max: 30 }).map((backends) => ({ description: descriptionOf(backends) })),
        'config.load-failed': fc.constant({ failure: { code: 'config.invalid' as const, message: 'wrong' } }),
        'actor.restored': given(fc.constant({}), (_, { now }) => ({ at: now })),
        'member.added': fc.record({
          director,
          member: fc.constantFrom('b0', 'b1').map((target) => ({ target, weight: 1 })),
        }),
        'member.removed': fc.record({ director, target: fc.constantFrom('b0', 'saint-b0') }),
      },
      // From some of them it goes nowhere else, so they are rare.
      weights: {
        'slice.granted': 12,
        'config.loaded': 6,
        'config.activate': 3,
        'config.deactivate': 3,
        'config.warm': 3,
        'config.cool': 3,
        'config.discard': 0.5,
        'config.drained': 0.5,
        'config.load-failed': 0.3,
        wait: 1,
      },
      maxSteps: 80,
      parameters: { numRuns: 200 },
      observe,
    }),
};
