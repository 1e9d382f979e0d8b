/**
 * Looks at a drawing as a reader would: what overlaps, is cut off, or leads nowhere. ELK leaves a fault about once in
 * a thousand layouts; another arrangement of the same figure is chosen then.
 */
import type { Drawing, PlacedBox, Point, Rectangle } from './drawing.ts';
import type { Box } from './figure.ts';

/** One sentence for each fault; none for a drawing that is as it should be. */
export function drawingFaults(drawing: Drawing): string[] {
  return [
    ...boxFaults(drawing),
    ...textFaults(drawing),
    ...labelFaults(drawing),
    ...arrowFaults(drawing),
    ...pageFaults(drawing),
  ];
}

function* boxFaults({ boxes }: Drawing): Generator<string> {
  for (const [index, one] of boxes.entries()) {
    for (const other of boxes.slice(index + 1)) {
      if (isAround(one, other)) {
        if (!contains(one, other)) yield `${name(other)} sticks out of ${name(one)}`;
      } else if (!isAround(other, one) && overlap(one, other)) {
        yield `${name(one)} overlaps ${name(other)}`;
      }
    }
  }
}

function* textFaults({ boxes }: Drawing): Generator<string> {
  for (const placed of boxes) {
    const { text } = placed;
    if (!contains(placed, text)) yield `the text of ${name(placed)} is cut off`;
    if (text.block.lines.some(({ width }) => width > text.width + 1))
      yield `a line of ${name(placed)} is cut off`;
    for (const inner of boxes) {
      if (isAround(placed, inner) && overlap(text, inner))
        yield `${name(inner)} hides the text of ${name(placed)}`;
    }
  }
}

function* labelFaults({ boxes, arrows }: Drawing): Generator<string> {
  const labels = arrows.flatMap(({ arrow, label }) => (label === undefined ? [] : [{ arrow, label }]));
  for (const [index, { arrow, label }] of labels.entries()) {
    const what = `the label from ${arrow.from} to ${arrow.to}`;
    for (const other of labels.slice(index + 1)) {
      if (overlap(label, other.label))
        yield `${what} overlaps that from ${other.arrow.from} to ${other.arrow.to}`;
    }
    for (const placed of boxes) {
      const isInside = placed.box.boxes.length > 0 && contains(placed, label);
      if (overlap(placed, label) && !isInside) yield `${what} overlaps ${name(placed)}`;
      if (overlap(placed.text, label)) yield `${what} hides the text of ${name(placed)}`;
    }
  }
}

function* arrowFaults({ figure, boxes, arrows }: Drawing): Generator<string> {
  const byId = new Map(boxes.map((placed) => [placed.box.id, placed]));
  if (arrows.length !== figure.arrows.length) yield 'an arrow is missing';
  for (const { arrow, points } of arrows) {
    const what = `the arrow from ${arrow.from} to ${arrow.to}`;
    const [first, last] = [points[0], points.at(-1)];
    const [from, to] = [byId.get(arrow.from), byId.get(arrow.to)];
    if (
      first === undefined ||
      last === undefined ||
      from === undefined ||
      to === undefined ||
      points.length < 2
    ) {
      yield `${what} has no ends`;
      continue;
    }
    if (!isOnBorder(first, from)) yield `${what} does not begin at its box`;
    if (!isOnBorder(last, to)) yield `${what} does not end at its box`;
    for (const [a, b] of stretches(points)) {
      if (a.x !== b.x && a.y !== b.y) yield `${what} runs askew`;
      const stretch = between(a, b);
      for (const placed of boxes) {
        const isLeaf = placed.box.boxes.length === 0;
        if (isLeaf && overlap(placed, stretch)) yield `${what} runs through ${name(placed)}`;
        if (!isLeaf && overlap(placed.text, stretch))
          yield `${what} runs through the text of ${name(placed)}`;
      }
    }
  }
}

function* pageFaults({ width, height, boxes, arrows }: Drawing): Generator<string> {
  const page = { x: 0, y: 0, width, height };
  const things: Rectangle[] = [
    ...boxes,
    ...arrows.flatMap(({ label }) => label ?? []),
    ...arrows.flatMap(({ points }) => points.map((point) => ({ ...point, width: 0, height: 0 }))),
  ];
  for (const thing of things)
    if (!contains(page, thing)) yield `something lies off the page at ${thing.x}, ${thing.y}`;
}

const name = ({ box }: PlacedBox): string => box.id;

function isAround(outer: PlacedBox, inner: PlacedBox): boolean {
  const has = (box: Box): boolean => box.boxes.some((child) => child.id === inner.box.id || has(child));
  return has(outer.box);
}

function contains(outer: Rectangle, inner: Rectangle): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

/** Touching is not overlapping. */
function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function isOnBorder(point: Point, area: Rectangle): boolean {
  const { x, y, width, height } = area;
  const isWithin = point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height;
  const isInner = point.x > x && point.x < x + width && point.y > y && point.y < y + height;
  return isWithin && !isInner;
}

function stretches(points: readonly Point[]): [Point, Point][] {
  return points.slice(1).map((end, index) => [points[index] ?? end, end]);
}

/** A line has no width; half a pixel stands for it, so that overlap sees it. */
function between(a: Point, b: Point): Rectangle {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const isUpright = a.x === b.x;
  const width = Math.abs(a.x - b.x);
  const height = Math.abs(a.y - b.y);
  return isUpright
    ? { x: x - 0.25, y: y + 0.5, width: 0.5, height: Math.max(0, height - 1) }
    : { x: x + 0.5, y: y - 0.25, width: Math.max(0, width - 1), height: 0.5 };
}
