/**
 * One layout of a figure by ELK's layered algorithm. Boxes and labels go in with their sizes, places come out. What
 * a box with boxes inside says is a box of its own to ELK, in a layer above the others, so that no arrow crosses it.
 */
import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs';
import type { Drawing, PlacedArrow, PlacedBox, PlacedText, Point, Rectangle } from './drawing.ts';
import type { Arrow, Box, Figure } from './figure.ts';
import { boxText, containers, labelText, PADDING, type TextBlock, type Widths } from './measure.ts';

export interface Arrangement {
  readonly widths: Widths;
  readonly direction: 'DOWN' | 'RIGHT';
  /** Regions of a parallel state below each other, in place of beside. */
  readonly stacked: boolean;
  readonly placement: 'BRANDES_KOEPF' | 'NETWORK_SIMPLEX';
}

/** Pixels around the whole. */
const MARGIN = 16;
/** Diameter of the dot from which an initial state is entered. */
const DOT = 12;
/** Pixels that the arrows of a box need at least. */
const SMALLEST_BOX = 48;

const options = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.padding': `[top=${MARGIN},left=${MARGIN},bottom=${MARGIN},right=${MARGIN}]`,
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.crossingMinimization.greedySwitch.activationThreshold': '0',
  'elk.layered.thoroughness': '20',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '5',
  'elk.spacing.labelLabel': '6',
  'elk.spacing.labelNode': '8',
  'elk.spacing.nodeSelfLoop': '14',
  'elk.layered.spacing.nodeNodeBetweenLayers': '30',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '14',
  'elk.layered.mergeEdges': 'false',
};

/** Everything that is put in and looked up again. */
interface Sizes {
  readonly boxes: ReadonlyMap<string, TextBlock>;
  readonly labels: readonly TextBlock[];
}

export async function layered(elk: ELK, figure: Figure, arrangement: Arrangement): Promise<Drawing> {
  const { widths, direction, placement } = arrangement;
  const all = figure.boxes.flatMap(within);
  const sizes: Sizes = {
    boxes: new Map(all.map((box) => [box.id, boxText(box, widths)])),
    labels: figure.arrows.map((arrow) => labelText(arrow, widths)),
  };
  const laid = await elk.layout({
    id: 'page',
    layoutOptions: {
      ...options,
      'elk.direction': direction,
      'elk.layered.nodePlacement.strategy': placement,
    },
    children: figure.boxes.map((box) => nodeOf(box, sizes)),
    edges: [
      ...figure.arrows.map((arrow, index) => edgeOf(arrow, index, sizes)),
      ...(arrangement.stacked ? all.flatMap(stackingEdges) : []),
    ],
  });
  return drawingOf(figure, laid, sizes);
}

export function within(box: Box): Box[] {
  return [box, ...box.boxes.flatMap(within)];
}

const headerOf = (id: string) => `${id}#header`;

function nodeOf(box: Box, sizes: Sizes): ElkNode {
  const { id, shape } = box;
  if (shape === 'start') {
    const layoutOptions = { 'elk.layered.layering.layerConstraint': 'FIRST' };
    return { id, width: DOT, height: DOT, layoutOptions };
  }
  const { width, height } = sizes.boxes.get(id) ?? { width: 0, height: 0 };
  if (!containers.has(shape) || box.boxes.length === 0) {
    return {
      id,
      width: Math.max(SMALLEST_BOX, width + 2 * PADDING.x),
      height: height + 2 * PADDING.y,
    };
  }
  const header: ElkNode = {
    id: headerOf(id),
    width,
    height,
    layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST_SEPARATE' },
  };
  return {
    id,
    children: [header, ...box.boxes.map((child) => nodeOf(child, sizes))],
    layoutOptions: { 'elk.padding': `[top=${PADDING.y},left=16,bottom=16,right=16]` },
  };
}

function edgeOf({ from, to }: Arrow, index: number, { labels }: Sizes): ElkExtendedEdge {
  const { width, height } = labels[index] ?? { width: 0, height: 0 };
  const id = `arrow:${index}`;
  const edge = { id, sources: [from], targets: [to] };
  return width === 0 ? edge : { ...edge, labels: [{ id: `label:${index}`, text: ' ', width, height }] };
}

/** Invisible, from each region to the next. */
function stackingEdges({ boxes }: Box): ElkExtendedEdge[] {
  const regions = boxes.filter(({ shape }) => shape === 'region');
  return regions.slice(1).map(({ id }, index) => ({
    id: `stack:${id}`,
    sources: [regions[index]?.id ?? id],
    targets: [id],
  }));
}

function drawingOf(figure: Figure, laid: ElkNode, sizes: Sizes): Drawing {
  const nodes = new Map<string, ElkNode>();
  const note = (node: ElkNode): void => {
    nodes.set(node.id, node);
    node.children?.forEach(note);
  };
  note(laid);
  const edges = new Map((laid.edges ?? []).map((edge) => [edge.id, edge]));
  const arrows = figure.arrows.map((arrow, index) =>
    placedArrow(arrow, edges.get(`arrow:${index}`), sizes.labels[index]),
  );
  const boxes: PlacedBox[] = [];
  const place = (box: Box, depth: number): void => {
    const area = rectangle(nodes.get(box.id));
    const block = sizes.boxes.get(box.id);
    const header = nodes.get(headerOf(box.id));
    boxes.push({ ...area, box, depth, text: placedText(area, block, header, arrows) });
    for (const child of box.boxes) place(child, depth + 1);
  };
  for (const box of figure.boxes) place(box, 0);
  return { figure, ...extent(laid), boxes, arrows };
}

function extent({ width = 0, height = 0 }: ElkNode): { width: number; height: number } {
  return { width: Math.ceil(width), height: Math.ceil(height) };
}

/** Edges are rounded, not sizes, so that what touched still touches. */
function rectangle({ x = 0, y = 0, width = 0, height = 0 }: Partial<Rectangle> = {}): Rectangle {
  const left = Math.round(x);
  const top = Math.round(y);
  return { x: left, y: top, width: Math.round(x + width) - left, height: Math.round(y + height) - top };
}

function placedArrow(
  arrow: Arrow,
  edge: ElkExtendedEdge | undefined,
  block: TextBlock | undefined,
): PlacedArrow {
  const points = (edge?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
    startPoint,
    ...bendPoints,
    endPoint,
  ]);
  const [label] = edge?.labels ?? [];
  return {
    arrow,
    points: straightened(points.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }))),
    label: label === undefined || block === undefined ? undefined : { ...rectangle(label), block },
  };
}

/** Without points at which nothing turns. */
function straightened(points: readonly Point[]): Point[] {
  return points.filter((point, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    if (before === undefined || after === undefined) return true;
    return !((before.x === point.x && point.x === after.x) || (before.y === point.y && point.y === after.y));
  });
}

/** A heading goes to the left, as far as no arrow comes down there. */
function placedText(
  area: Rectangle,
  block: TextBlock = { lines: [], rules: [], width: 0, height: 0 },
  header: ElkNode | undefined,
  arrows: readonly PlacedArrow[],
): PlacedText {
  const { width, height } = block;
  if (header === undefined) return { x: area.x + PADDING.x, y: area.y + PADDING.y, width, height, block };
  const { x, y } = rectangle(header);
  const stretches = arrows.flatMap(({ points, label }) => [
    ...points.slice(1).map((end, index) => ({ from: points[index] ?? end, to: end })),
    ...(label === undefined
      ? []
      : [{ from: label, to: { x: label.x + label.width, y: label.y + label.height } }]),
  ]);
  const inTheWay = stretches
    .filter(({ from, to }) => Math.max(from.y, to.y) > y && Math.min(from.y, to.y) < y + height)
    .map(({ from, to }) => Math.max(from.x, to.x) + 10)
    .filter((right) => right - 10 <= x);
  return { x: Math.max(area.x + 16, ...inTheWay), y, width, height, block };
}
