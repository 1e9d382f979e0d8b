/** Commands in any order, answered by configs that load, fail and go in their own time. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type SupervisorEmitted, supervisorMachine } from '../../../src/actors/supervisor.ts';
import type { ConfigKey } from '../../../src/config-key.ts';
import { checkMachine, given, type Observer } from '../../../src/testing/index.ts';

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
      expect(this.keysIn('active'), 'the one before is deactivated first').toEqual([]);
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

  /** What a config tells by itself. */
  tell(key: string, what: 'announced' | 'gone'): void {
    const config = this.orders.get(key);
    if (config === undefined) return;
    if (what === 'gone') this.orders.delete(key);
    else if (config.phase === 'loading') this.orders.set(key, { ...config, phase: 'warm' });
  }

  keysIn(phase: string): string[] {
    return [...this.orders].filter(([, config]) => config.phase === phase).map(([key]) => key);
  }
}

function observe(): Observer<typeof supervisorMachine> {
  const configs = new Configs();
  const asked: string[] = [];
  const answers: string[] = [];
  const at: Observer<typeof supervisorMachine>['at'] = ({ event, emitted, snapshot: { context } }) => {
    if (event !== undefined && 'id' in event) asked.push(event.id);
    if (event?.type === 'config.announced') configs.tell(event.key, 'announced');
    if (event?.type === 'config.failed' || event?.type === 'config.discarded')
      configs.tell(event.key, 'gone');
    for (const one of emitted) {
      configs.obey(one);
      if (one.type === 'command.done' || one.type === 'command.refused') answers.push(one.id);
    }
    expect(configs.keysIn('active').length).toBeLessThanOrEqual(1);
    for (const [name, { key, state }] of Object.entries(context.configs)) {
      expect(configs.orders.get(key), 'the supervisor knows its state').toEqual({ name, phase: state });
    }
  };
  return {
    at,
    atEnd(last, machine) {
      let moment = last;
      const send = (event: Parameters<typeof machine.send>[1]) => {
        if (machine.isOver(moment)) return;
        moment = machine.send(moment, event);
        at(moment, undefined);
      };
      send({ type: 'proxy.stop', id: 'last' });
      for (const key of configs.keysIn('loading')) {
        const { name } = configs.orders.get(key) ?? { name: '' };
        send({ type: 'config.announced', key: key as ConfigKey, name });
      }
      for (const key of configs.keysIn('leaving')) {
        send({ type: 'config.discarded', key: key as ConfigKey, name: '' });
      }
      expect(machine.isOver(moment), 'a stop ends').toBe(true);
      expect(configs.orders.size, 'none is left').toBe(0);
      expect(answers.toSorted()).toEqual(asked.toSorted());
    },
  };
}

const id = fc.constantFrom('c1', 'c2', 'c3', 'c4');
const name = fc.constantFrom('a', 'b', 'c');
const command = fc.record({ id, name });
const which = fc.nat({ max: 5 });

export const supervisor = {
  invariant:
    'every command is answered exactly once; never two active configs; orders fit the state of the config; a stop ends',
  check: () =>
    checkMachine(supervisorMachine, {
      input: fc.constant({ drainTimeoutMs: 30_000 }),
      events: {
        'config.load': command,
        'config.use': command,
        'config.set-state': fc.record({ id, name, state: fc.constantFrom('warm' as const, 'cold' as const) }),
        'config.discard': command,
        'proxy.stop': fc.record({ id }),
        // An active or warm config says so again after each round.
        'config.announced': given(which, (n, { snapshot: { context } }) => {
          const all = Object.entries(context.configs).filter(([, { state }]) => state !== 'cold');
          const [of, entry] = all[n % Math.max(1, all.length)] ?? [];
          return of === undefined || entry === undefined ? undefined : { key: entry.key, name: of };
        }),
        'config.failed': given(which, (n, { snapshot: { context } }) => {
          const all = Object.entries(context.configs).filter(([, { state }]) => state === 'loading');
          const [of, entry] = all[n % Math.max(1, all.length)] ?? [];
          if (of === undefined || entry === undefined) return undefined;
          return { key: entry.key, name: of, failure: { code: 'config.invalid', message: 'wrong' } };
        }),
        'config.discarded': given(which, (n, { snapshot: { context } }) => {
          const key = context.leaving[n % Math.max(1, context.leaving.length)];
          return key === undefined ? undefined : { key, name: key.replace(/@.*/, '') };
        }),
      },
      weights: { 'proxy.stop': 0.3, 'config.load': 2, 'config.announced': 4, wait: 0 },
      maxSteps: 60,
      parameters: { numRuns: 200 },
      observe,
    }),
};
