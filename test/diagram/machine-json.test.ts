import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type AnyStateMachine, and, createMachine, not, setup } from 'xstate';
import { jsonOf } from '../../src/diagram/machine-json.ts';
import { ownMachines } from '../../src/diagram/own-machines.ts';
import { chartOf } from '../../src/diagram/state-chart.ts';
import { randomMachine } from '../support/random-machine.ts';

const reread = (machine: AnyStateMachine): AnyStateMachine => createMachine(JSON.parse(jsonOf(machine)));

describe('JSON', () => {
  test('of the poller', async () => {
    const { poller } = ownMachines;
    if (poller === undefined) throw new Error('there is no poller');
    await expect(jsonOf(poller)).toMatchFileSnapshot('../golden/diagram/poller.json');
  });

  test.each(Object.entries(ownMachines))('of %s is that machine to XState', (_, machine) => {
    const { guards, delays } = machine.implementations;
    const again = reread(machine).provide({ guards, delays } as never);
    expect(chartOf(again)).toEqual(chartOf(machine));
  });

  test.prop([randomMachine])('of any machine is that machine to XState', (machine) => {
    expect(chartOf(reread(machine))).toEqual(chartOf(machine));
  });

  test('names what is written in place as a function', () => {
    const isReady = () => true;
    const machine = setup({ guards: { isOpen: () => true } }).createMachine({
      id: 'gate',
      entry: function open() {},
      on: {
        go: { guard: isReady, actions: [() => {}] },
        both: { guard: and(['isOpen', not('isOpen')]) },
      },
    });
    expect(JSON.parse(jsonOf(machine))).toEqual({
      id: 'gate',
      entry: { type: 'open' },
      on: {
        go: { guard: { type: 'isReady' }, actions: [{ type: 'inline' }] },
        both: {
          guard: {
            type: 'and',
            params: { guards: ['isOpen', { type: 'not', params: { guards: ['isOpen'] } }] },
          },
        },
      },
    });
  });
});
