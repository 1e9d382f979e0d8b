import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { chartFigure } from '../../src/diagram/chart-figure.ts';
import type { Box, Phrase } from '../../src/diagram/figure.ts';
import { chartOf } from '../../src/diagram/state-chart.ts';

const said = (words: readonly Phrase[]) => words.map(({ text }) => text).join(' | ');

function figureOf(machine: object): { boxes: Record<string, string>; arrows: string[] } {
  const figure = chartFigure(chartOf(createMachine({ id: 'm', ...machine } as object)));
  const boxes: Record<string, string> = {};
  const note = (box: Box): void => {
    boxes[box.id] = `${box.shape}: ${said(box.words)}`;
    box.boxes.forEach(note);
  };
  figure.boxes.forEach(note);
  const bare = (id: string) => id.replace('state:', '');
  const arrows = figure.arrows.map(({ from, to, words }) => `${bare(from)} → ${bare(to)}: ${said(words)}`);
  return { boxes, arrows: arrows.filter((arrow) => !arrow.startsWith('start:')) };
}

describe('a figure of a machine', () => {
  test('has its states with their descriptions, one in another', () => {
    const { boxes } = figureOf({
      description: 'All of it.',
      initial: 'a',
      states: {
        a: {
          description: 'The first.',
          initial: 'b',
          states: { b: {}, last: { type: 'history', history: 'deep' } },
        },
        c: { type: 'parallel', states: { one: { initial: 'x', states: { x: {} } }, two: {} } },
        z: { type: 'final' },
      },
    });
    expect(boxes).toEqual({
      'state:': 'frame: m | All of it.',
      'start:': 'start: ',
      'state:a': 'group: a | The first.',
      'start:a': 'start: ',
      'state:a.b': 'state: b',
      'state:a.last': 'history: last | deep history',
      'state:c': 'group: c',
      'state:c.one': 'region: one',
      'start:c.one': 'start: ',
      'state:c.one.x': 'state: x',
      'state:c.two': 'state: two',
      'state:z': 'final: z',
    });
  });

  test('writes what leaves no state in its box', () => {
    const { boxes, arrows } = figureOf({
      initial: 'a',
      states: {
        a: {
          on: {
            count: { actions: 'x' },
            note: { actions: 'x' },
            again: { target: 'a' },
            look: { guard: 'isNew', actions: 'x' },
          },
          invoke: { src: 'fetchUser' },
        },
      },
    });
    expect(boxes['state:a']).toBe('state: a | runs fetchUser | count, note, again | look | when new');
    expect(arrows).toEqual([]);
  });

  test('draws a loop only where a simple state is left and entered again', () => {
    const { boxes, arrows } = figureOf({
      initial: 'a',
      states: {
        a: { on: { again: { target: 'a', reenter: true } } },
        b: { on: { again: { target: 'b', reenter: true } }, initial: 'c', states: { c: {} } },
      },
    });
    expect(arrows).toEqual(['a → a: again']);
    expect(boxes['state:b']).toBe('group: b | again | begins anew');
  });

  test('has one arrow from one state to another, with what they share said once', () => {
    const { arrows } = figureOf({
      initial: 'a',
      states: {
        a: {
          on: { go: 'b', run: 'b', walk: { guard: 'isSlow', target: 'b' } },
          always: { guard: 'isSlow', target: 'b' },
        },
        b: {},
      },
    });
    expect(arrows).toEqual(['a → b: go, run | walk | when slow']);
  });

  test('draws once, from the group, what leads from all of its states to one of them', () => {
    const on = { reset: 'a', stop: 'd' };
    const { arrows } = figureOf({
      initial: 'a',
      states: {
        a: { on },
        b: { on },
        c: { on: { ...on, back: 'b' } },
        d: { on: { reset: 'a' } },
        z: { type: 'final' },
      },
    });
    expect(arrows).toEqual(['c → b: back', ' → d: stop', ' → a: reset']);
  });

  test('draws each arrow where one state differs', () => {
    const on = { reset: 'a' };
    const { arrows } = figureOf({ initial: 'a', states: { a: {}, b: { on }, c: { on }, d: {} } });
    expect(arrows).toEqual(['b → a: reset', 'c → a: reset']);
  });
});
