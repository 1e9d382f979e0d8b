/** The supervisor alone: commands in, orders to configs and answers out. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SupervisorEmitted, supervisorMachine } from '../../src/actors/supervisor.ts';
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

type Step =
  | { readonly do: 'load' | 'use' | 'warm' | 'cold' | 'discard'; readonly name: string }
  | { readonly do: 'announce' | 'fail' | 'go'; readonly which: number }
  | { readonly do: 'stop' };

const name = fc.constantFrom('a', 'b', 'c');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'load' as const,
          'use' as const,
          'warm' as const,
          'cold' as const,
          'discard' as const,
        ),
        name,
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom('announce' as const, 'announce' as const, 'fail' as const, 'go' as const),
        which: fc.nat({ max: 5 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'stop' }) },
  ),
  { maxLength: 60 },
);

/** The configs as they would obey: what each was last ordered. */
class Configs {
  readonly orders = new Map<
    string,
    { name: string; phase: 'loading' | 'warm' | 'active' | 'cold' | 'leaving' }
  >();

  obey(event: SupervisorEmitted): void {
    if (event.type === 'config.wanted') {
      expect(this.orders.has(event.key), 'a key is given once').toBe(false);
      this.orders.set(event.key, { name: event.name, phase: 'loading' });
      return;
    }
    if (!('key' in event)) return;
    const config = this.orders.get(event.key);
    if (config === undefined) throw new Error(`${event.type} to ${event.key}, which is not there`);
    const after = { ...config };
    if (event.type === 'config.activate') {
      expect(config.phase).toBe('warm');
      expect(this.#count('active'), 'the one before is deactivated first').toBe(0);
      after.phase = 'active';
    } else if (event.type === 'config.deactivate') {
      expect(config.phase).toBe('active');
      after.phase = 'warm';
    } else if (event.type === 'config.cool') {
      expect(config.phase).toBe('warm');
      after.phase = 'cold';
    } else if (event.type === 'config.warm') {
      expect(config.phase).toBe('cold');
      after.phase = 'loading';
    } else if (event.type === 'config.discard') {
      expect(['warm', 'cold']).toContain(config.phase);
      after.phase = 'leaving';
    }
    this.orders.set(event.key, after);
  }

  keysIn(phase: string): string[] {
    return [...this.orders].filter(([, config]) => config.phase === phase).map(([key]) => key);
  }

  #count(phase: string): number {
    return this.keysIn(phase).length;
  }
}

test('every command is answered exactly once; never two active configs; orders fit the state of the config; a stop ends', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const { actor, command, stop, heard } = startSupervisor();
      const configs = new Configs();
      const asked = new Set<string>();
      const answers: string[] = [];
      const isOver = () => actor.getSnapshot().status === 'done';
      const listen = () => {
        for (const event of heard()) {
          configs.obey(event);
          if (event.type === 'command.done' || event.type === 'command.refused') answers.push(event.id);
        }
      };
      const announce = (key: string) => {
        const config = configs.orders.get(key);
        if (config === undefined) return;
        if (config.phase === 'loading') configs.orders.set(key, { ...config, phase: 'warm' });
        actor.send({ type: 'config.announced', key: key as ConfigKey, name: config.name });
        listen();
      };
      const leave = (key: string) => {
        const name = configs.orders.get(key)?.name ?? '';
        configs.orders.delete(key);
        actor.send({ type: 'config.discarded', key: key as ConfigKey, name });
        listen();
      };
      for (const step of sequence) {
        if (isOver()) break;
        if (step.do === 'stop') asked.add(stop());
        else if (step.do === 'announce') {
          // An active or warm config says so again after each round.
          const keys = ['loading', 'warm', 'active'].flatMap((phase) => configs.keysIn(phase));
          const key = keys[step.which % Math.max(1, keys.length)];
          if (key !== undefined) announce(key);
        } else if (step.do === 'fail') {
          const loading = configs.keysIn('loading');
          const key = loading[step.which % Math.max(1, loading.length)];
          const config = configs.orders.get(key ?? '');
          if (key === undefined || config === undefined) continue;
          configs.orders.delete(key);
          const failure = { code: 'config.invalid', message: 'wrong' } as const;
          actor.send({ type: 'config.failed', key: key as ConfigKey, name: config.name, failure });
        } else if (step.do === 'go') {
          const leaving = configs.keysIn('leaving');
          const key = leaving[step.which % Math.max(1, leaving.length)];
          if (key !== undefined) leave(key);
        } else if ('name' in step) asked.add(command({ type: step.do, name: step.name }));
        listen();
        expect(configs.keysIn('active').length).toBeLessThanOrEqual(1);
        for (const [name, entry] of Object.entries(actor.getSnapshot().context.configs)) {
          expect(configs.orders.get(entry.key), 'the supervisor knows its state').toEqual({
            name,
            phase: entry.state,
          });
        }
      }
      if (!isOver()) asked.add(stop());
      listen();
      for (const key of configs.keysIn('loading')) announce(key);
      for (const key of configs.keysIn('leaving')) leave(key);
      expect(isOver()).toBe(true);
      expect(configs.orders.size, 'none is left').toBe(0);
      expect(answers.toSorted()).toEqual([...asked].toSorted());
    }),
    { numRuns: 200 },
  );
});
