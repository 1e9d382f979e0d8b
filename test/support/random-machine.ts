/** Machines of any shape, with names that nobody expects. */
import { fc } from '@fast-check/vitest';
import { type AnyStateMachine, createMachine } from 'xstate';

interface Node {
  readonly name: string;
  readonly kind: 'simple' | 'compound' | 'parallel' | 'final' | 'history';
  readonly description: string | undefined;
  readonly children: readonly Node[];
}

interface Jump {
  readonly from: number;
  readonly to: number;
  readonly event: string;
  readonly guard: string | undefined;
  readonly how: 'on' | 'after' | 'always' | 'stays';
  readonly reenter: boolean;
}

const words = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'idle',
      'probing',
      'healthy',
      'sick',
      'worker.started',
      'aLongerNameThanUsual',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '<&>"\'',
      '--',
      ']]>',
      'מצב',
      'حالة',
      '状態管理',
      'end',
      'state',
      'a:b;c#d',
      '👩‍👩‍👧',
      'x'.repeat(80),
    ),
  },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }) },
);

/** XState takes dots for the paths of states, and keeps names in plain objects. */
const names = words.map((word) => word.replaceAll('.', '_').replace('__proto__', 'proto'));

const tree = fc.letrec<{ node: Node; leaf: Node }>((tie) => ({
  leaf: fc.record({
    name: names,
    kind: fc.constantFrom('simple', 'simple', 'simple', 'final', 'history'),
    description: fc.option(words, { nil: undefined }),
    children: fc.constant([]),
  }),
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: tie('leaf') },
    {
      weight: 1,
      arbitrary: fc.record({
        name: names,
        kind: fc.constantFrom('compound', 'compound', 'parallel'),
        description: fc.option(words, { nil: undefined }),
        children: fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
      }),
    },
  ),
}));

const jump: fc.Arbitrary<Jump> = fc.record({
  from: fc.nat(),
  to: fc.nat(),
  event: words,
  guard: fc.option(words, { nil: undefined }),
  how: fc.constantFrom('on', 'on', 'on', 'after', 'always', 'stays'),
  reenter: fc.boolean(),
});

export const randomMachine: fc.Arbitrary<AnyStateMachine> = fc
  .record({
    description: fc.option(words, { nil: undefined }),
    nodes: fc.array(tree.node, { maxLength: 5 }),
    jumps: fc.array(jump, { maxLength: 12 }),
  })
  .map(({ description, nodes, jumps }) => machineOf(description, nodes, jumps));

interface StateConfig {
  readonly id: string;
  readonly type?: string;
  readonly initial?: string;
  readonly states?: Record<string, StateConfig>;
  readonly on: Record<string, object[]>;
  readonly after: Record<string, object[]>;
  readonly always: object[];
}

function machineOf(
  description: string | undefined,
  nodes: readonly Node[],
  jumps: readonly Jump[],
): AnyStateMachine {
  const all: StateConfig[] = [];
  const root = stateOf({ name: 'root', kind: 'compound', description, children: nodes }, all);
  for (const { from, to, event, guard, how, reenter } of jumps) {
    const source = all[from % all.length];
    const target = all[to % all.length];
    if (source === undefined || target === undefined || source.type === 'final' || source.type === 'history')
      continue;
    const transition = {
      ...(how === 'stays' ? {} : { target: `#${target.id}`, reenter }),
      ...(guard === undefined ? {} : { guard }),
    };
    if (how === 'always') source.always.push(transition);
    else add(how === 'after' ? source.after : source.on, how === 'after' ? '1000' : event, transition);
  }
  return createMachine(root as object) as AnyStateMachine;
}

/** An event may be called `constructor`. */
function add(table: Record<string, object[]>, key: string, transition: object): void {
  table[key] = [...((Object.hasOwn(table, key) && table[key]) || []), transition];
}

function stateOf(node: Node, all: StateConfig[]): StateConfig {
  const kind =
    node.children.length === 0 && node.kind !== 'final' && node.kind !== 'history' ? 'simple' : node.kind;
  const config: StateConfig = {
    id: `n${all.length}`,
    ...(kind === 'simple' || kind === 'compound' ? {} : { type: kind }),
    ...(node.description === undefined ? {} : { description: node.description }),
    on: {},
    after: {},
    always: [],
  };
  all.push(config);
  if (kind === 'simple' || kind === 'final' || kind === 'history') return config;
  const states: Record<string, StateConfig> = {};
  node.children.forEach((child, index) => {
    states[Object.hasOwn(states, child.name) ? `${child.name}${index}` : child.name] = stateOf(child, all);
  });
  const initial =
    Object.entries(states).find(([, { type }]) => type !== 'history') ?? Object.entries(states)[0];
  return Object.assign(
    config,
    { states },
    kind === 'compound' && initial !== undefined ? { initial: initial[0] } : {},
  );
}
