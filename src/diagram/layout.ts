/**
 * From a figure to a drawing: it is laid out several times, in different widths and directions, and the layout
 * that reads best at page width is kept. The same figure gives the same drawing, on every machine.
 * Cost: 20 to 100 ms for each layout of a chart of some ten states; it grows faster than their number.
 */
import { createRequire } from 'node:module';
import type { ELK } from 'elkjs';
import type { Drawing, Point } from './drawing.ts';
import { drawingFaults } from './drawing-faults.ts';
import type { Figure } from './figure.ts';
import { type Arrangement, within } from './layered.ts';
import { nested } from './nested.ts';

/** Pixels; what a README has on GitHub. */
const PAGE_WIDTH = 800;

/** Boxes from which on fewer layouts are tried, and less thoroughly: each takes seconds. */
const MANY = 40;

const textWidths = [
  { box: 150, frame: 340, group: 200, label: 130 },
  { box: 180, frame: 400, group: 240, label: 150 },
  { box: 220, frame: 460, group: 300, label: 180 },
] as const;

/** Draws a figure: gives everything its place. */
export async function drawing(figure: Figure): Promise<Drawing> {
  const elk = createElk();
  let best: { drawing: Drawing; cost: number } | undefined;
  let failure: unknown;
  for (const arrangement of arrangements(figure)) {
    // Of a large figure, the first layout that has no fault is good enough.
    if (best !== undefined && isLarge(figure) && best.cost < FAULT) break;
    try {
      const candidate = await nested(elk, figure, arrangement);
      const candidateCost = cost(candidate);
      if (best === undefined || candidateCost < best.cost) best = { drawing: candidate, cost: candidateCost };
    } catch (error) {
      // ELK has its bugs, and another arrangement is another way through it.
      failure = error;
    }
  }
  if (best === undefined) throw failure;
  return best.drawing;
}

/** Loaded when first needed: it is 1.5 MB of code. Without a worker it lays out in this thread. */
function createElk(): ELK {
  const Elk = createRequire(import.meta.url)('elkjs/lib/elk.bundled.js') as new () => ELK;
  return new Elk();
}

function isLarge({ boxes }: Figure): boolean {
  return boxes.flatMap(within).length > MANY;
}

function arrangements(figure: Figure): Arrangement[] {
  const boxes = figure.boxes.flatMap(within);
  const hasRegions = boxes.some(({ shape }) => shape === 'region');
  const down = { direction: 'DOWN', stacked: false, labels: 'MEDIAN_LAYER' } as const;
  const stacked = { ...down, stacked: hasRegions };
  if (isLarge(figure)) {
    const quick = { ...stacked, widths: textWidths[0], thoroughness: 3 } as const;
    return [
      { ...quick, placement: 'BRANDES_KOEPF' },
      { ...quick, placement: 'NETWORK_SIMPLEX' },
    ];
  }
  const ways: readonly Pick<Arrangement, 'direction' | 'stacked' | 'labels'>[] = [
    ...(hasRegions ? [stacked] : []),
    down,
    { ...down, direction: 'RIGHT' },
    { ...stacked, labels: 'SPACE_EFFICIENT_LAYER' },
  ];
  const placements: readonly Arrangement['placement'][] = ['BRANDES_KOEPF', 'NETWORK_SIMPLEX'];
  return textWidths.flatMap((widths) =>
    ways.flatMap((way) => placements.map((placement) => ({ widths, placement, thoroughness: 20, ...way }))),
  );
}

/** More than all else together. */
const FAULT = 1e6;

/** How badly a drawing reads: faults count most, then small letters, then length, then turns and crossings of arrows. */
function cost(drawn: Drawing): number {
  const { width, height, arrows } = drawn;
  const scale = Math.min(1, PAGE_WIDTH / width);
  const turns = arrows.reduce((sum, { points }) => sum + Math.max(0, points.length - 2), 0);
  const faults = drawingFaults(drawn).length * FAULT;
  return faults + height * scale + (1 / scale - 1) * 3_000 + turns * 12 + crossings(arrows) * 60;
}

function crossings(arrows: Drawing['arrows']): number {
  const stretches = arrows.flatMap(({ points }, owner) =>
    points.slice(1).map((end, index) => ({ owner, start: points[index] ?? end, end })),
  );
  const lying = stretches.filter(({ start, end }) => start.y === end.y);
  const standing = stretches.filter(({ start, end }) => start.x === end.x && start.y !== end.y);
  let count = 0;
  for (const one of lying) {
    for (const other of standing) {
      if (one.owner === other.owner) continue;
      if (
        isBetween(other.start.x, one.start.x, one.end.x) &&
        isBetween(one.start.y, other.start.y, other.end.y)
      ) {
        count += 1;
      }
    }
  }
  return count;
}

function isBetween(value: Point['x'], a: number, b: number): boolean {
  return value > Math.min(a, b) && value < Math.max(a, b);
}
