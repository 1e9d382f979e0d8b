/** The supervisor alone: commands in, orders to configs and answers out. */
import { expect, test } from 'vitest';
import { supervisorMachine } from '../../src/actors/supervisor.ts';
import type { ConfigKey } from '../../src/config-key.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { lintMachine } from '../support/machine-lint.ts';

function startSupervisor() {
  const supervisor = startInTime(supervisorMachine, { drainTimeoutMs: 30_000 });
  const { actor, heard } = supervisor;
  let commands = 0;
  const command = (event: { type: 'load' | 'use' | 'warm' | 'cold' | 'discard'; name: string }) => {
    const { type, name } = event;
    const id = `c${++commands}`;
    if (type === 'warm' || type === 'cold') actor.send({ type: 'config.set-state', id, name, state: type });
    else actor.send({ type: `config.${type}`, id, name });
    return id;
  };
  return {
    ...supervisor,
    command,
    run: (type: 'load' | 'use' | 'warm' | 'cold' | 'discard', name: string) => {
      command({ type, name });
      return heard();
    },
    stop: () => {
      const id = `c${++commands}`;
      actor.send({ type: 'proxy.stop', id });
      return id;
    },
    announced: (key: string, name: string) => {
      actor.send({ type: 'config.announced', key: key as ConfigKey, name });
      return heard();
    },
    gone: (key: string, name: string) => {
      actor.send({ type: 'config.discarded', key: key as ConfigKey, name });
      return heard();
    },
    state: (name: string) => actor.getSnapshot().context.configs[name]?.state,
  };
}

test('says all that the compiler does not see', () => {
  lintMachine(supervisorMachine, [
    'config.load',
    'config.use',
    'config.set-state',
    'config.discard',
    'proxy.stop',
    'config.announced',
    'config.failed',
    'config.discarded',
  ]);
});

test('answers a load when all of the config is known', () => {
  const { run, announced, state } = startSupervisor();
  expect(run('load', 'a')).toEqual([
    { type: 'config.wanted', key: 'a@1', name: 'a', drainTimeoutMs: 30_000, at: 0 },
  ]);
  expect(state('a')).toBe('loading');
  expect(announced('a@1', 'a')).toMatchObject([{ type: 'command.done', id: 'c1' }]);
  expect(state('a')).toBe('warm');
});

test('a switch deactivates the one before, has the data planes switch, then activates the other', () => {
  const { run, announced } = startSupervisor();
  for (const [name, key] of [
    ['a', 'a@1'],
    ['b', 'b@2'],
  ] as const) {
    run('load', name);
    announced(key, name);
  }
  run('use', 'a');
  expect(run('use', 'b')).toMatchObject([
    { type: 'config.deactivate', key: 'a@1' },
    { type: 'config.used', key: 'b@2', name: 'b' },
    { type: 'config.activate', key: 'b@2' },
    { type: 'command.done' },
  ]);
});

test('a config that is being warmed up can be used when all of it is known again', () => {
  const { run, announced, state } = startSupervisor();
  run('load', 'a');
  announced('a@1', 'a');
  run('cold', 'a');
  expect(run('warm', 'a')).toMatchObject([{ type: 'config.warm', key: 'a@1' }]);
  expect(run('use', 'a')).toMatchObject([{ type: 'command.refused', code: 'command.config-not-ready' }]);
  expect(announced('a@1', 'a')).toMatchObject([{ type: 'command.done', id: 'c3' }]);
  expect(state('a')).toBe('warm');
});

test('an active config that has been announced anew stays the active one', () => {
  const { run, announced, state } = startSupervisor();
  run('load', 'a');
  announced('a@1', 'a');
  run('use', 'a');
  expect(announced('a@1', 'a')).toEqual([]);
  expect(state('a')).toBe('active');
});

test('a load that failed is refused with the reason, and its name is free again', () => {
  const { actor, run, heard } = startSupervisor();
  run('load', 'a');
  const failure = { code: 'config.syntax', message: 'a.ts:3:1: unexpected token' } as const;
  actor.send({ type: 'config.failed', key: 'a@1' as ConfigKey, name: 'a', failure });
  expect(heard()).toMatchObject([{ type: 'command.refused', id: 'c1', ...failure }]);
  expect(run('load', 'a')).toMatchObject([{ type: 'config.wanted', key: 'a@2' }]);
});

test('a name that has just been discarded can be loaded at once, under another key', () => {
  const { run, announced, gone, state } = startSupervisor();
  run('load', 'a');
  announced('a@1', 'a');
  run('discard', 'a');
  expect(run('load', 'a')).toMatchObject([{ type: 'config.wanted', key: 'a@2', name: 'a' }]);
  expect(gone('a@1', 'a')).toEqual([]);
  expect(announced('a@1', 'a')).toEqual([]);
  expect(state('a')).toBe('loading');
});

test.each(['constructor', '__proto__', 'toString', '1'])('"%s" is a name like any other', (name) => {
  const { run, announced, gone } = startSupervisor();
  expect(run('use', name)).toMatchObject([{ type: 'command.refused', code: 'command.unknown-config' }]);
  expect(run('load', name)).toMatchObject([{ type: 'config.wanted', name }]);
  const key = `${name}@1`;
  expect(announced(key, name)).toMatchObject([{ type: 'command.done' }]);
  expect(run('load', name)).toMatchObject([{ type: 'command.refused', code: 'command.name-taken' }]);
  expect(run('discard', name)).toMatchObject([{ type: 'config.discard', key }, { type: 'command.done' }]);
  gone(key, name);
  expect(run('discard', name)).toMatchObject([{ type: 'command.refused', code: 'command.unknown-config' }]);
});

test('refusals name what is loaded and say what to do', () => {
  const { run, announced } = startSupervisor();
  expect(run('use', 'x')).toMatchObject([
    { message: 'There is no config named "x"; none is loaded.', code: 'command.unknown-config' },
  ]);
  run('load', 'a');
  expect(run('use', 'a')).toMatchObject([{ code: 'command.config-not-ready' }]);
  expect(run('discard', 'a')).toMatchObject([{ code: 'command.config-not-ready' }]);
  expect(run('cold', 'a')).toMatchObject([{ code: 'command.config-not-ready' }]);
  announced('a@1', 'a');
  run('use', 'a');
  expect(run('discard', 'a')).toMatchObject([{ code: 'command.config-in-use' }]);
  expect(run('cold', 'a')).toMatchObject([{ code: 'command.config-in-use' }]);
  expect(run('use', 'x')).toMatchObject([{ message: 'There is no config named "x"; loaded are: a.' }]);
});

test('stops when the last config has gone, one that is still being loaded among them', () => {
  const { actor, run, announced, gone, stop, heard, said } = startSupervisor();
  run('load', 'a');
  announced('a@1', 'a');
  run('use', 'a');
  run('load', 'b');
  const id = stop();
  expect(heard()).toMatchObject([
    { type: 'config.deactivate', key: 'a@1' },
    { type: 'config.discard', key: 'a@1' },
  ]);
  expect(run('load', 'c')).toMatchObject([{ type: 'command.refused', code: 'command.stopping' }]);
  expect(gone('a@1', 'a')).toEqual([]);
  expect(announced('b@2', 'b')).toMatchObject([
    { type: 'command.refused', id: 'c3', code: 'command.stopping' },
    { type: 'config.discard', key: 'b@2' },
  ]);
  expect(gone('b@2', 'b')).toMatchObject([{ type: 'command.done', id }]);
  expect(actor.getSnapshot().status).toBe('done');
  expect(said).toEqual([]);
});
