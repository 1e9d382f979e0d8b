/** A failover story, with all that is said: to be read as a diff when it changes. */
import { expect, test } from 'vitest';
import { identityOf } from '../../src/identity.ts';
import { backendOf, ControlWorld, describeConfig, probeOf } from '../support/control-world.ts';
import { Transcript } from '../support/transcript.ts';

const b1 = identityOf('b1', { kind: 'tcp', ipv4: '127.0.0.1', port: 8081 });

function configOf(name: string) {
  const probe = probeOf({ url: `/${name}`, intervalMs: 1_000, window: 3, threshold: 2, initial: 1 });
  return describeConfig({
    backends: [backendOf('b1', 8081, probe), backendOf('b2', 8082, probe)],
    saintmodes: [{ name: 'saint', backend: 'b1', threshold: 1 }],
    directors: [
      {
        name: 'main',
        policy: { kind: 'fallback', sticky: false },
        members: ['saint', 'b2'].map((target) => ({ target, weight: 1 })),
      },
    ],
  });
}

test('a backend fails and returns, an object is denied, the config is switched, and everything ends', async () => {
  const configs = { boot: configOf('boot'), next: configOf('next') };
  const world = new ControlWorld({ configs, answersAfterMs: 40 });
  const story = new Transcript(world);
  const { clock, control } = world;
  let isUp = true;
  world.healthy = ({ addresses }) => isUp || addresses.kind !== 'tcp' || addresses.port !== 8081;

  await story.step('load boot', () => world.load('boot'));
  await story.step('use boot', () => control.use('boot'));
  await story.step('1.5 s pass', () => clock.advance(1_500));
  await story.step('b1 goes down; 2 s pass', () => {
    isUp = false;
    clock.advance(2_000);
  });
  await story.step('b1 comes up; 2 s pass', () => {
    isUp = true;
    clock.advance(2_000);
  });
  await story.step('a data plane denies b1 an object for 300 ms', () => {
    world.tell({ type: 'saint.denied', identity: b1, object: 'abc', deadline: clock.now() + 300 });
    clock.advance(400);
  });
  await story.step('load next', () => world.load('next'));
  await story.step('use next, and let it elect its probes', async () => {
    await control.use('next');
    world.settle();
  });
  await story.step('an operator drains b1, and takes the order back', () => {
    control.setHealth(b1, 'drain');
    control.setHealth(b1, 'auto');
  });
  await story.step('discard boot', async () => {
    await control.discard('boot');
    world.settle();
  });
  await story.step('stop', async () => {
    const stopped = control.stop();
    world.settle();
    await stopped;
  });

  expect(world.faults).toEqual([]);
  await expect(story.text()).toMatchFileSnapshot('failover.transcript.txt');
});
