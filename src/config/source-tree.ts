/**
 * What stands where in a config's source: the calls with their arguments, so that a mistake in an option can be
 * shown at that very option. Built from Babel's syntax tree, and only when there is a mistake to show.
 */

/** Line and column count from 1. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** From a call to something in its arguments: `[0, 'probe', 'interval']` is in the first argument. */
export type ArgumentPath = readonly (string | number)[];

/** Just enough of a Babel node. */
export interface SyntaxNode {
  readonly type: string;
  readonly [property: string]: unknown;
}

type Shape =
  | {
      readonly kind: 'object';
      readonly at: Spot;
      readonly entries: ReadonlyMap<string, Entry>;
      readonly spreads: readonly Shape[];
    }
  | { readonly kind: 'array'; readonly at: Spot; readonly elements: readonly (Shape | undefined)[] }
  | { readonly kind: 'name'; readonly at: Spot; readonly name: string }
  | { readonly kind: 'other'; readonly at: Spot };

interface Entry {
  /** Of the key. */
  readonly at: Spot;
  readonly value: Shape;
}

interface Call {
  readonly start: Spot;
  /** Where the first argument begins: up to there, a position means this call. */
  readonly head: Spot;
  readonly args: readonly Shape[];
}

export class SourceTree {
  /** Of `export default`. */
  readonly defaultExport: Spot | undefined;
  readonly #calls: Call[] = [];
  readonly #variables = new Map<string, Shape>();
  readonly #imports = new Map<string, Spot>();

  /** @param program Babel's tree, before any plugin has changed it */
  constructor(program: SyntaxNode) {
    let defaultExport: Spot | undefined;
    walk(program, (node) => {
      if (node.type === 'CallExpression') this.#addCall(node);
      else if (node.type === 'VariableDeclarator') this.#addVariable(node);
      else if (node.type === 'ExportDefaultDeclaration') defaultExport = startOf(node);
      const { source } = node;
      if (isNode(source) && typeof source['value'] === 'string') {
        const at = startOf(source);
        if (at !== undefined && !this.#imports.has(source['value'])) this.#imports.set(source['value'], at);
      }
    });
    this.defaultExport = defaultExport;
  }

  /** Of the text `specifier` in an import or a re-export. */
  importOf(specifier: string): Spot | undefined {
    return this.#imports.get(specifier);
  }

  /**
   * Of what a path leads to in a call's arguments, or of the last thing on the way that is written out.
   *
   * @param at anywhere from the name of what is called to its first argument
   */
  find(at: Spot, path: ArgumentPath): Spot | undefined {
    return this.#walkPath(at, path)?.at;
  }

  /** The variable's name, where a path leads to one: `app3` in `roundRobin([app1, app3])`. */
  nameAt(at: Spot, path: ArgumentPath): string | undefined {
    const end = this.#walkPath(at, path);
    return end?.whole && end.shape.kind === 'name' ? end.shape.name : undefined;
  }

  /** @returns where the path ends, and whether all of it could be followed */
  #walkPath(at: Spot, path: ArgumentPath): { at: Spot; shape: Shape; whole: boolean } | undefined {
    const call = this.#callAt(at);
    const first = call?.args[Number(path[0])];
    if (first === undefined) return undefined;
    let shape = first;
    let spot = first.at;
    for (const step of path.slice(1)) {
      const next = this.#step(this.#resolve(shape), step);
      if (next === undefined) return { at: spot, shape, whole: false };
      ({ at: spot, value: shape } = next);
    }
    return { at: spot, shape, whole: true };
  }

  #step(shape: Shape, step: string | number): Entry | undefined {
    if (shape.kind === 'array') {
      const element = shape.elements[Number(step)];
      return element === undefined ? undefined : { at: element.at, value: element };
    }
    if (shape.kind !== 'object') return undefined;
    const own = shape.entries.get(String(step));
    if (own !== undefined) return own;
    for (const spread of shape.spreads) {
      const entry = this.#step(this.#resolve(spread), step);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** What a variable was declared as: options often stand in a `const probe = { ... }` of their own. */
  #resolve(shape: Shape, seen: ReadonlySet<string> = new Set()): Shape {
    if (shape.kind !== 'name' || seen.has(shape.name)) return shape;
    const declared = this.#variables.get(shape.name);
    return declared === undefined ? shape : this.#resolve(declared, new Set([...seen, shape.name]));
  }

  /** The innermost call that a spot can mean. */
  #callAt(at: Spot): Call | undefined {
    let found: Call | undefined;
    for (const call of this.#calls) {
      if (isBefore(at, call.start) || isBefore(call.head, at)) continue;
      if (found === undefined || isBefore(found.start, call.start) || isBefore(call.head, found.head))
        found = call;
    }
    return found;
  }

  #addCall(node: SyntaxNode): void {
    const args = nodesIn(node['arguments']);
    const start = startOf(node);
    const head = args[0] === undefined ? endOf(node) : startOf(args[0]);
    if (start !== undefined && head !== undefined) this.#calls.push({ start, head, args: args.map(shapeOf) });
  }

  #addVariable({ id, init }: SyntaxNode): void {
    if (!isNode(id) || !isNode(init) || typeof id['name'] !== 'string') return;
    if (!this.#variables.has(id['name'])) this.#variables.set(id['name'], shapeOf(init));
  }
}

/** TypeScript's and parentheses' wrappers around an expression do not change what it is. */
const wrappers = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'ParenthesizedExpression',
]);

function shapeOf(node: SyntaxNode): Shape {
  const { expression } = node;
  if (wrappers.has(node.type) && isNode(expression)) return shapeOf(expression);
  const at = startOf(node) ?? { line: 1, column: 1 };
  switch (node.type) {
    case 'ObjectExpression':
      return objectShape(node, at);
    case 'ArrayExpression':
      return { kind: 'array', at, elements: elementShapes(node['elements']) };
    case 'Identifier':
      return { kind: 'name', at, name: String(node['name']) };
    default:
      return { kind: 'other', at };
  }
}

function objectShape(node: SyntaxNode, at: Spot): Shape {
  const entries = new Map<string, Entry>();
  const spreads: Shape[] = [];
  for (const property of nodesIn(node['properties'])) {
    const { key, value, argument } = property;
    if (isNode(argument)) spreads.push(shapeOf(argument));
    if (!isNode(key) || property['computed'] === true) continue;
    const name = key['name'] ?? key['value'];
    const keyAt = startOf(key);
    if (keyAt === undefined) continue;
    entries.set(String(name), {
      at: keyAt,
      value: isNode(value) ? shapeOf(value) : { kind: 'other', at: keyAt },
    });
  }
  return { kind: 'object', at, entries, spreads };
}

/** What follows a spread has no known index. */
function elementShapes(elements: unknown): (Shape | undefined)[] {
  const shapes: (Shape | undefined)[] = [];
  if (!Array.isArray(elements)) return shapes;
  for (const element of elements) {
    if (isNode(element) && element.type === 'SpreadElement') break;
    shapes.push(isNode(element) ? shapeOf(element) : undefined);
  }
  return shapes;
}

function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node);
  for (const [property, value] of Object.entries(node)) {
    if (property === 'loc' || property === 'extra' || property.endsWith('omments')) continue;
    for (const child of Array.isArray(value) ? nodesIn(value) : nodesIn([value])) walk(child, visit);
  }
}

function nodesIn(values: unknown): SyntaxNode[] {
  return Array.isArray(values) ? values.filter(isNode) : [];
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function startOf(node: SyntaxNode): Spot | undefined {
  return spotOf(node['loc'], 'start');
}

function endOf(node: SyntaxNode): Spot | undefined {
  return spotOf(node['loc'], 'end');
}

/** Babel counts columns from 0. */
function spotOf(loc: unknown, edge: 'start' | 'end'): Spot | undefined {
  if (typeof loc !== 'object' || loc === null) return undefined;
  const { line, column } = (loc as Record<typeof edge, { line: number; column: number }>)[edge];
  return { line, column: column + 1 };
}

function isBefore(a: Spot, b: Spot): boolean {
  return a.line < b.line || (a.line === b.line && a.column < b.column);
}
