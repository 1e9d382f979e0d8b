import { describe, expect, test } from 'vitest';
import type { Drawing, PlacedArrow, PlacedBox, Rectangle } from '../../src/diagram/drawing.ts';
import { drawingFaults } from '../../src/diagram/drawing-faults.ts';
import type { Arrow, Box } from '../../src/diagram/figure.ts';

const noText = { lines: [], rules: [], width: 0, height: 0 };

function box(
  id: string,
  area: Rectangle,
  text: Rectangle = inset(area),
  boxes: readonly Box[] = [],
): PlacedBox {
  const shape = boxes.length > 0 ? 'group' : 'state';
  return { ...area, box: { id, shape, words: [], boxes, says: id }, text: { ...text, block: noText } };
}

const inset = ({ x, y }: Rectangle): Rectangle => at(x + 5, y + 5, 20, 10);
const at = (x: number, y: number, width: number, height: number): Rectangle => ({ x, y, width, height });

function arrow(points: readonly [number, number][], label?: Rectangle): PlacedArrow {
  return {
    arrow: { from: 'a', to: 'b', words: [], line: 'solid', says: '' },
    points: points.map(([x, y]) => ({ x, y })),
    label: label === undefined ? undefined : { ...label, block: noText },
  };
}

function drawing(boxes: readonly PlacedBox[], arrows: readonly PlacedArrow[] = []): Drawing {
  const figure = {
    name: 'test',
    title: '',
    description: '',
    boxes: boxes.map((placed) => placed.box),
    arrows: arrows.map((placed): Arrow => placed.arrow),
  };
  return { figure, width: 300, height: 300, boxes, arrows };
}

const a = box('a', at(10, 10, 60, 40));
const b = box('b', at(10, 150, 60, 40));
const straight = arrow(
  [
    [40, 50],
    [40, 150],
  ],
  at(45, 80, 50, 16),
);

describe('a reader would see', () => {
  test('nothing wrong with two boxes and a labelled arrow', () => {
    expect(drawingFaults(drawing([a, b], [straight]))).toEqual([]);
  });

  test.each<[what: string, Drawing, fault: string]>([
    ['boxes that overlap', drawing([a, box('b', at(60, 40, 60, 40))]), 'a overlaps b'],
    [
      'a box off the page',
      drawing([box('a', at(280, 10, 60, 40))]),
      'something lies off the page at 280, 10',
    ],
    [
      'text that is cut off',
      drawing([box('a', at(10, 10, 60, 40), at(15, 15, 80, 10))]),
      'the text of a is cut off',
    ],
    [
      'a box that sticks out of the one around it',
      drawing([box('g', at(5, 5, 100, 60), at(10, 8, 20, 0), [a.box]), { ...a, height: 90 }]),
      'a sticks out of g',
    ],
    [
      'a box on the words of the one around it',
      drawing([box('g', at(5, 5, 100, 60), at(10, 8, 20, 10), [a.box]), a]),
      'a hides the text of g',
    ],
    [
      'a label on a box',
      drawing(
        [a, b],
        [
          arrow(
            [
              [40, 50],
              [40, 150],
            ],
            at(45, 40, 50, 16),
          ),
        ],
      ),
      'the label from a to b overlaps a',
    ],
    [
      'labels on each other',
      drawing([a, b], [straight, straight]),
      'the label from a to b overlaps that from a to b',
    ],
    [
      'an arrow that begins nowhere',
      drawing(
        [a, b],
        [
          arrow([
            [40, 60],
            [40, 150],
          ]),
        ],
      ),
      'the arrow from a to b does not begin at its box',
    ],
    [
      'an arrow that ends inside',
      drawing(
        [a, b],
        [
          arrow([
            [40, 50],
            [40, 160],
          ]),
        ],
      ),
      'the arrow from a to b does not end at its box',
    ],
    [
      'an arrow that runs askew',
      drawing(
        [a, b],
        [
          arrow([
            [40, 50],
            [50, 150],
          ]),
        ],
      ),
      'the arrow from a to b runs askew',
    ],
    [
      'an arrow through a box',
      drawing(
        [a, b, box('c', at(20, 80, 60, 40))],
        [
          arrow([
            [40, 50],
            [40, 150],
          ]),
        ],
      ),
      'the arrow from a to b runs through c',
    ],
  ])('%s', (_, drawn, fault) => {
    expect(drawingFaults(drawn)).toContain(fault);
  });
});
