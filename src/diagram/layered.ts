/**
 * One layout of a figure by ELK's layered algorithm. Boxes and labels go in with their sizes, places come out. What
 * a box with boxes inside says is a box of its own to ELK, in a layer above the others, so that no arrow crosses it.
 */
import type { ELK, ElkExtendedEdge, ElkNode, LayoutOptions } from 'elkjs';
import type { Drawing, PlacedArrow, PlacedBox, PlacedText, Point, Rectangle } from './drawing.ts';
import type { Arrow, Box, Figure } from './figure.ts';
import { boxText, containers, labelText, PADDING, type TextBlock, type Widths } from './measure.ts';

export interface Arrangement {
  readonly widths: Widths;
  readonly direction: 'DOWN' | 'RIGHT';
  /** Regions of a parallel state below each other, in place of beside. */
  readonly stacked: boolean;
  /** In which layer of a long arrow its label stands. */
  readonly labels: 'MEDIAN_LAYER' | 'SPACE_EFFICIENT_LAYER';
  /** Attempts at fewer crossings of arrows. */
  readonly thoroughness: number;
  readonly placement: 'BRANDES_KOEPF' | 'NETWORK_SIMPLEX';
}

/** Pixels around the whole. */
const MARGIN = 16;
/** Diameter of the dot from which an initial state is entered. */
const DOT = 12;
/** Pixels that the arrows of a box need at least. */
const SMALLEST_BOX = 48;

/** For each box with boxes inside: a graph does not inherit these from the one around it. */
const options = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.padding': `[top=${MARGIN},left=${MARGIN},bottom=${MARGIN},right=${MARGIN}]`,
  'elk.layered.crossingMinimization.greedySwitch.activationThreshold': '0',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '5',
  'elk.spacing.labelLabel': '6',
  'elk.spacing.labelNode': '8',
  'elk.spacing.nodeSelfLoop': '14',
  'elk.spacing.portPort': '16',
  'elk.spacing.portsSurrounding': '[top=10,left=12,bottom=10,right=12]',
  'elk.layered.spacing.nodeNodeBetweenLayers': '30',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '14',
  'elk.layered.mergeEdges': 'false',
};

/** Everything that is put in and looked up again. */
interface Sizes {
  readonly boxes: ReadonlyMap<string, TextBlock>;
  readonly labels: readonly TextBlock[];
  readonly given: GivenSizes;
}

/** By id: boxes whose inside has its places already. */
export type GivenSizes = ReadonlyMap<string, { readonly width: number; readonly height: number }>;

export async function layered(
  elk: ELK,
  figure: Figure,
  arrangement: Arrangement,
  given: GivenSizes,
): Promise<Drawing> {
  const { widths, direction, labels, placement, thoroughness } = arrangement;
  const all = figure.boxes.flatMap(within);
  const sizes: Sizes = {
    boxes: new Map(all.map((box) => [box.id, boxText(box, widths)])),
    labels: figure.arrows.map((arrow) => labelText(arrow, widths)),
    given,
  };
  const order = orderOf(figure);
  const links = figure.arrows.map((arrow): Link => {
    const { from, to } = arrow;
    return leadsBack(arrow, order) ? { from: to, to: from } : { from, to };
  });
  const stacking = arrangement.stacked ? all.flatMap(stackingLinks) : [];
  const graphOptions = {
    ...options,
    'elk.direction': direction,
    'elk.layered.nodePlacement.strategy': placement,
    'elk.layered.thoroughness': String(thoroughness),
    'elk.layered.edgeLabels.centerLabelPlacementStrategy': labels,
    // ELK fails with this where arrows cross borders.
    ...(all.every(({ boxes }) => boxes.length === 0)
      ? { 'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES' }
      : {}),
  };
  const laid = await elk.layout({
    id: 'page',
    layoutOptions: graphOptions,
    children: figure.boxes.map((box) => nodeOf(box, sizes, graphOptions)),
    edges: [
      ...links.map((link, index) => edgeOf(link, index, sizes)),
      ...stacking.map(({ from, to }) => ({ id: `stack:${to}`, sources: [from], targets: [to] })),
      ...all.flatMap((box) => headingEdges(box, [...links, ...stacking])),
    ],
  });
  return drawingOf(figure, laid, sizes, order);
}

export function within(box: Box): Box[] {
  return [box, ...box.boxes.flatMap(within)];
}

/** From a box to the places of it and of those around it among their siblings, outermost first. */
type Order = ReadonlyMap<string, readonly number[]>;

function orderOf({ boxes }: Figure): Order {
  const order = new Map<string, readonly number[]>();
  const note = (siblings: readonly Box[], path: readonly number[]): void => {
    siblings.forEach((box, index) => {
      order.set(box.id, [...path, index]);
      note(box.boxes, [...path, index]);
    });
  };
  note(boxes, []);
  return order;
}

/**
 * Whether an arrow leads against the order in which the boxes are given. ELK gets such arrows turned round: then it
 * finds no cycles, and need not guess which of a cycle's states a reader should meet first.
 */
function leadsBack({ from, to }: Arrow, order: Order): boolean {
  const start = order.get(from) ?? [];
  const end = order.get(to) ?? [];
  const level = start.findIndex((place, depth) => place !== end[depth]);
  return level >= 0 && (start[level] ?? 0) > (end[level] ?? Number.POSITIVE_INFINITY);
}

const headerOf = (id: string) => `${id}#header`;
const anchorOf = (id: string) => `${id}#anchor`;

function nodeOf(box: Box, sizes: Sizes, graphOptions: LayoutOptions): ElkNode {
  const { id, shape } = box;
  if (shape === 'start') return { id, width: DOT, height: DOT };
  const size = sizes.given.get(id);
  if (size !== undefined) return { id, ...size };
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
    ports: [{ id: anchorOf(id), x: PADDING.x, y: height, width: 0, height: 0 }],
    layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST', 'elk.portConstraints': 'FIXED_POS' },
  };
  return {
    id,
    children: [header, ...box.boxes.map((child) => nodeOf(child, sizes, graphOptions))],
    layoutOptions: {
      ...graphOptions,

      'elk.padding': `[top=${PADDING.y},left=16,bottom=16,right=16]`,
    },
  };
}

function edgeOf({ from, to }: Link, index: number, { labels }: Sizes): ElkExtendedEdge {
  const { width, height } = labels[index] ?? { width: 0, height: 0 };
  const id = `arrow:${index}`;
  const edge = { id, sources: [from], targets: [to] };
  return width === 0 ? edge : { ...edge, labels: [{ id: `label:${index}`, text: ' ', width, height }] };
}

/** From box to box, as ELK gets it. */
interface Link {
  readonly from: string;
  readonly to: string;
}

/** Invisible, from each region to the next. */
function stackingLinks({ boxes }: Box): Link[] {
  const regions = boxes.filter(({ shape }) => shape === 'region');
  return regions.slice(1).map(({ id }, index) => ({ from: regions[index]?.id ?? id, to: id }));
}

/** Invisible, from what a box says to those inside that would otherwise stand beside it. */
function headingEdges({ id, shape, boxes }: Box, links: readonly Link[]): ElkExtendedEdge[] {
  if (!containers.has(shape) || boxes.length === 0) return [];
  const insides = boxes.map((box) => new Set(within(box).map((one) => one.id)));
  const isReached = (own: ReadonlySet<string>) =>
    links.some(({ from, to }) => own.has(to) && !own.has(from) && insides.some((other) => other.has(from)));
  return boxes
    .filter((_, index) => !isReached(insides[index] ?? new Set()))
    .map((box) => ({ id: `heading:${box.id}`, sources: [anchorOf(id)], targets: [box.id] }));
}

function drawingOf(figure: Figure, laid: ElkNode, sizes: Sizes, order: Order): Drawing {
  const nodes = new Map<string, ElkNode>();
  const note = (node: ElkNode): void => {
    nodes.set(node.id, node);
    node.children?.forEach(note);
  };
  note(laid);
  const edges = new Map((laid.edges ?? []).map((edge) => [edge.id, edge]));
  const arrows = figure.arrows.map((arrow, index) =>
    placedArrow(arrow, edges.get(`arrow:${index}`), sizes.labels[index], leadsBack(arrow, order)),
  );
  const boxes: PlacedBox[] = [];
  const place = (box: Box): void => {
    const area = rectangle(nodes.get(box.id));
    const block = sizes.boxes.get(box.id);
    const header = nodes.get(headerOf(box.id));
    boxes.push({ ...area, box, text: placedText(area, block, header, arrows) });
    for (const child of box.boxes) place(child);
  };
  for (const box of figure.boxes) place(box);
  return { figure, ...extent(laid), boxes, arrows };
}

function extent({ width = 0, height = 0 }: ElkNode): { width: number; height: number } {
  return { width: Math.ceil(width), height: Math.ceil(height) };
}

/**
 * Places are halves and thirds of pixels, and come with errors in their last digits: were they rounded at the half,
 * two that are meant to be the same could become two.
 */
function whole(place: number): number {
  return Math.round(place + 0.01);
}

/** Edges are rounded, not sizes, so that what touched still touches. */
function rectangle({ x = 0, y = 0, width = 0, height = 0 }: Partial<Rectangle> = {}): Rectangle {
  const left = whole(x);
  const top = whole(y);
  return { x: left, y: top, width: whole(x + width) - left, height: whole(y + height) - top };
}

function placedArrow(
  arrow: Arrow,
  edge: ElkExtendedEdge | undefined,
  block: TextBlock | undefined,
  isTurned: boolean,
): PlacedArrow {
  const points = (edge?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
    startPoint,
    ...bendPoints,
    endPoint,
  ]);
  if (isTurned) points.reverse();
  const [label] = edge?.labels ?? [];
  return {
    arrow,
    points: straightened(points.map(({ x, y }) => ({ x: whole(x), y: whole(y) }))),
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
