import { describe, expect, test } from 'vitest';
import type { DirectorDeclaration, PolicyDeclaration } from '../../../src/config/declaration.ts';
import { director, PickingWorld } from '../../support/picking-world.ts';

const names = ['b0', 'b1', 'b2', 'b3'];

function worldOf(directors: readonly DirectorDeclaration[], saintmodes = false): PickingWorld {
  const world = new PickingWorld({
    backends: names,
    directors,
    saintmodes: saintmodes ? names.map((backend) => ({ name: `s${backend}`, backend, threshold: 2 })) : [],
  });
  for (const name of names) world.setHealth(name, false);
  return world;
}

const askedBy = (world: PickingWorld, target = 'd', count = 40) =>
  Object.keys(world.shares(target, count, () => 10)).sort();

function panicOf(world: PickingWorld): readonly string[] | undefined {
  const running = world.begin('d');
  running?.lease.release();
  return running?.panic;
}

describe.each<PolicyDeclaration>([
  { kind: 'round_robin' },
  { kind: 'random' },
  { kind: 'least_connections' },
  { kind: 'peak_ewma', halfLifeMs: 5_000 },
])('panic with $kind', (policy) => {
  test('begins when a smaller share than the threshold is healthy, and ends when enough are', () => {
    const world = worldOf([director('d', policy, names, { panicThreshold: 0.5 })]);
    world.setHealth('b0', true);
    expect(askedBy(world)).toEqual(names);
    expect(panicOf(world)).toEqual(['d']);
    world.setHealth('b1', true);
    expect(askedBy(world)).toEqual(['b0', 'b1']);
    expect(panicOf(world)).toEqual([]);
    world.setHealth('b1', false);
    expect(askedBy(world)).toEqual(names);
  });

  test('never asks whom an operator has taken away, and does not miss them', () => {
    const world = worldOf([director('d', policy, names, { panicThreshold: 0.5 })]);
    world.setHealth('b0', false, 'sick');
    world.setHealth('b1', false, 'drain');
    expect(askedBy(world)).toEqual(['b2', 'b3']);
    // One of the two that are left is half of them.
    world.setHealth('b2', true);
    expect(askedBy(world)).toEqual(['b2']);
    for (const name of names) world.setHealth(name, false, 'sick');
    expect(world.begin('d')).toBeUndefined();
    world.setHealth('b3', false);
    expect(askedBy(world)).toEqual(['b3']);
  });

  test('never asks whom saintmode denies, for this object or for all', () => {
    const members = names.map((name) => `s${name}`);
    const world = worldOf([director('d', policy, members, { panicThreshold: 1 })], true);
    world.deny('b0', 'aa', 1_000);
    for (let i = 0; i < 40; i++) expect(world.ask('d', 'aa')).not.toBe('b0');
    expect(askedBy(world)).toEqual(names);
    world.deny('b0', 'bb', 1_000);
    expect(askedBy(world)).toEqual(['b1', 'b2', 'b3']);
  });
});

describe('panic among directors', () => {
  const rr = { kind: 'round_robin' } as const;

  test('reaches into directors that have no threshold of their own', () => {
    const world = worldOf([
      director('d', rr, ['left', 'right'], { panicThreshold: 0.6 }),
      director('left', { kind: 'least_connections' }, ['b0', 'b1']),
      director('right', { kind: 'hash' }, ['b2']),
    ]);
    expect(askedBy(world)).toEqual(['b0', 'b1', 'b2']);
    expect(world.begin('left')).toBeUndefined();
    world.setHealth('b0', true);
    // Half of its members are healthy, which is too few; below it, nobody is picked for being healthy.
    expect(askedBy(world)).toEqual(['b0', 'b1', 'b2']);
    world.setHealth('b2', true);
    expect(askedBy(world)).toEqual(['b0', 'b2']);
  });

  test('one in panic is sick for those that contain it: they have better choices first', () => {
    const world = worldOf([
      director('d', { kind: 'fallback', sticky: false }, ['app', 'b3']),
      director('app', rr, ['b0', 'b1', 'b2'], { panicThreshold: 0.5 }),
    ]);
    world.setHealth('b3', true);
    expect(askedBy(world)).toEqual(['b3']);
    expect(world.graph.get('app')?.healthy).toBe(false);
    expect(askedBy(world, 'app')).toEqual(['b0', 'b1', 'b2']);
    world.setHealth('b0', true);
    // With somebody healthy it is used, and then as it sees fit.
    expect(askedBy(world)).toEqual(['b0', 'b1', 'b2']);
  });
});
