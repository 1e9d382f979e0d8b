/** The probe effect between the bus and what probes: one at a time for an identity, answers to who asked. */
import { expect, test } from 'vitest';
import { configKeyOf } from '../../src/config-key.ts';
import { type Addresses, identityOf } from '../../src/identity.ts';
import type { ProbeResult } from '../../src/probe-result.ts';
import { type Address, Bus } from '../../src/streams/bus.ts';
import { Probes } from '../../src/streams/probes.ts';
import { routes } from '../../src/streams/routes.ts';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';
import { probeOf, probeResult } from '../support/control-world.ts';

const addresses: Addresses = { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 };
const identity = identityOf('b1', addresses);
const poller: Address = { kind: 'poller', id: identity, generation: 3 };

function makeProbes(fail?: Error) {
  const clock = new SimulatedClock();
  const answers: unknown[] = [];
  const faults: unknown[] = [];
  const underWay = new Map<number, (result: ProbeResult) => void>();
  let probes = 0;
  const bus = new Bus({
    routes,
    actors: {
      deliver: (kind, id, generation, event) => {
        answers.push({ kind, id, generation, ...event });
        return true;
      },
      ensure: () => {},
      followers: () => [],
      fire: () => false,
    },
    now: () => clock.now(),
    onIdle: () => {},
    onFault: (error) => faults.push(error),
  });
  const effect = new Probes(clock, bus, (_order, done) => {
    if (fail !== undefined) throw fail;
    const id = ++probes;
    underWay.set(id, done);
    return () => underWay.delete(id);
  });
  const want = (attempt: number, from: Address | undefined = poller) =>
    bus.say(
      'poller',
      {
        type: 'probe.wanted',
        identity,
        addresses,
        config: configKeyOf('a', 1),
        probe: probeOf(),
        hostHeader: 'h',
        attempt,
      },
      from,
    );
  return { clock, bus, effect, underWay, answers, faults, want };
}

test('answers the very poller that asked, with the time and the number of its attempt', () => {
  const { want, underWay, answers, clock, effect } = makeProbes();
  want(5);
  expect(effect.running).toBe(1);
  clock.advance(30);
  underWay.get(1)?.(probeResult(true));
  expect(answers).toEqual([
    { ...poller, type: 'probe.answered', attempt: 5, result: probeResult(true), at: 30 },
  ]);
  expect(effect.running).toBe(0);
});

test('one that is no longer wanted, or wanted anew, is called off', () => {
  const { want, bus, underWay, effect } = makeProbes();
  want(1);
  want(2, { ...poller, generation: 4 });
  expect([...underWay.keys()]).toEqual([2]);
  bus.say('poller', { type: 'probe.unwanted', identity, attempt: 2 }, poller);
  expect(underWay.size).toBe(0);
  expect(effect.running).toBe(0);
});

test('one that throws is answered as a bad one, and reported', () => {
  const { want, answers, faults, effect } = makeProbes(new Error('bad port'));
  want(1);
  expect(answers).toMatchObject([
    { attempt: 1, result: { happy: false, reason: 'The probe could not be made: Error: bad port' } },
  ]);
  expect(faults).toEqual([new Error('bad port')]);
  expect(effect.running).toBe(0);
});

test('closed, it calls off all that is under way', () => {
  const { want, underWay, effect } = makeProbes();
  want(1);
  effect.close();
  expect(underWay.size).toBe(0);
});
