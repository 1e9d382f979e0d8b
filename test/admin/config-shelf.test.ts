import { afterEach, expect, test } from 'vitest';
import { ConfigShelf } from '../../src/admin/config-shelf.ts';
import type { ConfigKey } from '../../src/config-key.ts';
import { backendOf, ControlWorld, probeOf } from '../support/control-world.ts';

const empty = { directors: [], saintmodes: [], defaultTarget: undefined };
const probed = { ...empty, backends: [backendOf('b1', 8080, probeOf())] };
const COOLDOWN_MS = 600_000;

let world: ControlWorld;
let shelf: ConfigShelf;
let labels: ReadonlyMap<string, ConfigKey> = new Map();

async function start(uses: Readonly<Record<string, readonly string[]>> = {}): Promise<void> {
  world = new ControlWorld({ configs: { a: probed, b: probed, c: probed } });
  shelf = new ConfigShelf({
    control: world.control,
    clock: world.clock,
    labelsUsedBy: (key) => uses[key.slice(0, 1)] ?? [],
    onLabels: (told) => {
      labels = told;
    },
    cooldownMs: COOLDOWN_MS,
  });
  for (const name of ['a', 'b', 'c']) {
    await world.load(name);
    shelf.noteLoaded();
  }
  await shelf.use('a');
}

afterEach(() => {
  shelf.close();
  world.control.close();
});

function states(): string {
  return ['a', 'b', 'c'].map((name) => shelf.stateOf(name)).join(' ');
}

/** Lets time pass, and what then happens be answered. */
async function pass(ms: number): Promise<void> {
  world.clock.advance(ms);
  await Promise.resolve();
  world.settle();
}

test('what is auto cools down when it was not needed for vcl_cooldown, and not before', async () => {
  await start();
  await pass(COOLDOWN_MS - 1);
  expect(states()).toBe('active warm warm');
  await pass(1);
  expect(states()).toBe('active cold cold');
});

test('what is to be warm stays so, and what is labelled, or hands over to a label', async () => {
  await start({ c: ['l'] });
  await shelf.setState('b', 'warm');
  await pass(COOLDOWN_MS * 3);
  expect(states()).toBe('active warm warm');
  await shelf.setState('b', 'auto');
  await shelf.label('l', 'b');
  await pass(COOLDOWN_MS * 3);
  expect(states()).toBe('active warm warm');
});

test('the time begins when it is needed no more', async () => {
  await start();
  await pass(COOLDOWN_MS - 1);
  await shelf.use('b');
  await pass(1);
  expect(states()).toBe('warm active cold');
  await pass(COOLDOWN_MS - 2);
  expect(states()).toBe('warm active cold');
  await pass(1);
  expect(states()).toBe('cold active cold');
});

test('a label that is in use takes its requests along', async () => {
  await start();
  await shelf.label('l', 'b');
  await shelf.use('l');
  expect([shelf.activeName(), states()]).toEqual(['l', 'warm active warm']);
  await shelf.label('l', 'c');
  expect([shelf.activeName(), states()]).toEqual(['l', 'warm warm active']);
  expect([...labels]).toEqual([['l', shelf.keyOf('c')]]);
});

test('what is discarded by another way is gone from here, with its labels', async () => {
  await start();
  await shelf.label('l', 'b');
  await world.control.discard('b');
  expect(shelf.entries().map(({ name }) => name)).toEqual(['a', 'c']);
});

test('what has cooled down by itself is warmed up when it is used, what an operator cooled is not', async () => {
  await start();
  await shelf.setState('c', 'cold');
  await pass(COOLDOWN_MS);
  expect(states()).toBe('active cold cold');
  const used = shelf.use('b');
  world.settle();
  await used;
  expect(states()).toBe('warm active cold');
  await expect(shelf.use('c')).rejects.toMatchObject({ code: 'command.config-not-ready' });
});

test('what is warmed up to be looked at has a while again', async () => {
  await start();
  await pass(COOLDOWN_MS);
  const warmed = shelf.warm('b');
  world.settle();
  await warmed;
  await pass(COOLDOWN_MS - 1);
  expect(states()).toBe('active warm cold');
  await pass(1);
  expect(states()).toBe('active cold cold');
});

test('another vcl_cooldown holds for what cools down already', async () => {
  await start();
  await pass(1_000);
  shelf.cooldownMs = 1_500;
  await pass(499);
  expect(states()).toBe('active warm warm');
  await pass(1);
  expect(states()).toBe('active cold cold');
});

test('nothing cools down any more when it is closed', async () => {
  await start();
  shelf.close();
  shelf.cooldownMs = 1;
  await pass(COOLDOWN_MS);
  expect(states()).toBe('active warm warm');
});

test('what nobody loaded cannot be used, discarded or set to anything', async () => {
  await start();
  const unknown = { code: 'command.unknown-config' };
  await expect(shelf.use('d')).rejects.toMatchObject(unknown);
  await expect(shelf.discard('d')).rejects.toMatchObject(unknown);
  for (const state of ['auto', 'warm', 'cold'] as const) {
    await expect(shelf.setState('d', state)).rejects.toMatchObject(unknown);
  }
});
