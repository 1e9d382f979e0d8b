/**
 * Lays out from the inside outwards: a box whose border no arrow crosses gets its inside laid out by itself, and is
 * then put into the layout around it as a whole. That is quicker, reads better than one layout of everything, and
 * asks less of ELK, which is at its weakest where arrows cross borders.
 */
import type { ELK } from 'elkjs';
import type { Drawing, PlacedArrow, PlacedBox, Point } from './drawing.ts';
import type { Arrow, Box, Figure } from './figure.ts';
import { type Arrangement, layered, within } from './layered.ts';

export async function nested(elk: ELK, figure: Figure, arrangement: Arrangement): Promise<Drawing> {
  const closed = figure.boxes.flatMap((box) => outermostClosed(box.boxes, figure.arrows));
  const insides = new Map<string, Drawing>();
  for (const box of closed) {
    const arrows = figure.arrows.filter((arrow) => isInside(arrow, box));
    insides.set(box.id, await nested(elk, { ...figure, boxes: [box], arrows }, arrangement));
  }
  const outside: Figure = {
    ...figure,
    boxes: figure.boxes.map((box) => ({ ...box, boxes: box.boxes.map((child) => emptied(child, insides)) })),
    arrows: figure.arrows.filter((arrow) => !closed.some((box) => isInside(arrow, box))),
  };
  const sizes = new Map([...insides].map(([id, { boxes }]) => [id, sizeOf(boxes[0])]));
  const drawn = await layered(elk, outside, arrangement, sizes);
  return withInsides(figure, drawn, insides);
}

/** Containers that no arrow leads into or out of, but for what begins or ends at their border; outer ones only. */
function outermostClosed(boxes: readonly Box[], arrows: readonly Arrow[]): Box[] {
  return boxes.flatMap((box) => {
    if (box.boxes.length === 0) return [];
    const all = idsOf(box);
    const isDeep = (id: string) => id !== box.id && all.has(id);
    const isCrossed = arrows.some(
      ({ from, to }) => (isDeep(from) && !all.has(to)) || (isDeep(to) && !all.has(from)),
    );
    return isCrossed ? outermostClosed(box.boxes, arrows) : [box];
  });
}

function idsOf(box: Box): Set<string> {
  return new Set(within(box).map(({ id }) => id));
}

/** A loop at the box's own border is outside. */
function isInside({ from, to }: Arrow, box: Box): boolean {
  const ids = idsOf(box);
  return ids.has(from) && ids.has(to) && !(from === box.id && to === box.id);
}

function emptied(box: Box, insides: ReadonlyMap<string, Drawing>): Box {
  if (insides.has(box.id)) return { ...box, boxes: [] };
  return { ...box, boxes: box.boxes.map((child) => emptied(child, insides)) };
}

function sizeOf(box: PlacedBox | undefined): { width: number; height: number } {
  return { width: box?.width ?? 0, height: box?.height ?? 0 };
}

function withInsides(figure: Figure, drawn: Drawing, insides: ReadonlyMap<string, Drawing>): Drawing {
  const whole = new Map(figure.boxes.flatMap(within).map((box) => [box.id, box]));
  const arrows = new Map(drawn.arrows.map((placed) => [placed.arrow, placed]));
  const boxes = drawn.boxes.flatMap((placed) => {
    const inside = insides.get(placed.box.id);
    const root = inside?.boxes[0];
    if (inside === undefined || root === undefined) {
      return [{ ...placed, box: whole.get(placed.box.id) ?? placed.box }];
    }
    const by = { x: placed.x - root.x, y: placed.y - root.y };
    for (const arrow of inside.arrows) arrows.set(arrow.arrow, movedArrow(arrow, by));
    return inside.boxes.map((box) => ({ ...moved(box, by), text: moved(box.text, by) }));
  });
  const inOrder = figure.arrows.flatMap((arrow) => arrows.get(arrow) ?? []);
  return { ...drawn, figure, boxes, arrows: inOrder };
}

function moved<Placed extends Point>(placed: Placed, by: Point): Placed {
  return { ...placed, x: placed.x + by.x, y: placed.y + by.y };
}

function movedArrow({ arrow, points, label }: PlacedArrow, by: Point): PlacedArrow {
  return {
    arrow,
    points: points.map((point) => moved(point, by)),
    label: label === undefined ? undefined : moved(label, by),
  };
}
