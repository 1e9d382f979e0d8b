/**
 * From a machine's chart to a figure. What leaves no state is written in the state's box, as UML does, in place of a
 * loop; arrows between the same two states are one, with all their words.
 */
import type { Arrow, Box, Figure, Phrase, Shape } from './figure.ts';
import { type Leading, type Leadings, leadingsOf } from './leadings.ts';
import { type ChartState, type ChartTransition, type StateChart, statesOf } from './state-chart.ts';

export function chartFigure({ name, description, root }: StateChart): Figure {
  const leadings = leadingsOf(root);
  return {
    name,
    title: name,
    description: description ?? `The state chart of ${name}.`,
    boxes: [boxOf(root, root.states.length === 0 ? 'state' : 'frame', leadings)],
    arrows: [...startArrows(root), ...merged(leadings.arrows)],
  };
}

const boxId = (id: string): string => `state:${id}`;
const startId = (id: string): string => `start:${id}`;

function shapeOf(state: ChartState, parent: ChartState): Shape {
  if (state.kind === 'final' || state.kind === 'history') return state.kind;
  if (state.states.length === 0) return 'state';
  return parent.kind === 'parallel' ? 'region' : 'group';
}

/** The initial state comes first, the others in the order of the definition: so they are drawn, too. */
function boxOf(state: ChartState, shape: Shape, leadings: Leadings): Box {
  const { id, name, initial } = state;
  const start: Box = { id: startId(id), shape: 'start', words: [], boxes: [], says: `${name} begins` };
  const place = (child: ChartState) => (initial.includes(child.id) ? 0 : 1);
  const children = state.states
    .toSorted((a, b) => place(a) - place(b))
    .map((child) => boxOf(child, shapeOf(child, state), leadings));
  const kind = state.kind === 'final' ? 'final state' : shape === 'frame' ? 'machine' : 'state';
  return {
    id: boxId(id),
    shape,
    words: [...heading(state, shape), ...inside(leadings.staysIn(state))],
    boxes: initial.length > 0 ? [start, ...children] : children,
    says: sentence(`${kind} ${name}`, state.description),
  };
}

function heading(state: ChartState, shape: Shape): Phrase[] {
  const text = (words: string): Phrase => ({ text: words, style: 'text' });
  return [
    { text: state.name, style: shape === 'frame' ? 'title' : 'name' },
    ...(state.description === undefined ? [] : [text(state.description)]),
    ...(state.history === undefined ? [] : [text(`${state.history} history`)]),
    ...state.invokes.map((actor) => text(`runs ${actor}`)),
  ];
}

/** A state with states inside that is its own target begins with its initial state again. */
function inside(transitions: readonly ChartTransition[]): Phrase[] {
  const said = transitions.map((one) => {
    if (one.targets.length === 0 || !one.reenter) return one;
    return {
      ...one,
      condition: one.condition === undefined ? 'begins anew' : `${one.condition}, begins anew`,
    };
  });
  return phrasesOf(said).map((phrase, index) =>
    index === 0 ? { ...phrase, apart: 'rule' as const } : phrase,
  );
}

/** The words of several transitions that share an arrow or a box: the causes that share a condition, and it. */
function phrasesOf(transitions: readonly ChartTransition[]): Phrase[] {
  const byCondition = new Map<string, string[]>();
  for (const { cause, condition = '' } of transitions) {
    const causes = byCondition.get(condition) ?? [];
    if (!causes.includes(cause)) causes.push(cause);
    byCondition.set(condition, causes);
  }
  return [...byCondition].flatMap(([condition, causes], index) => {
    const named = causes.filter((cause) => cause !== 'always' || condition === '');
    const phrases: Phrase[] = [
      ...(named.length > 0 ? [{ text: named.join(', '), style: 'event' as const }] : []),
      ...(condition === '' ? [] : [{ text: condition, style: 'guard' as const }]),
    ];
    return index === 0
      ? phrases
      : phrases.map((one, i) => (i === 0 ? { ...one, apart: 'gap' as const } : one));
  });
}

function merged(leadings: readonly Leading[]): Arrow[] {
  const arrows = new Map<string, Leading[]>();
  for (const leading of leadings) {
    const key = JSON.stringify([leading.from, leading.to]);
    arrows.set(key, [...(arrows.get(key) ?? []), leading]);
  }
  return [...arrows.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [arrowOf(first, same)];
  });
}

function arrowOf({ from, to }: Leading, same: readonly Leading[]): Arrow {
  const transitions = same.map(({ transition }) => transition);
  const reasons = transitions.map(({ cause, condition, description }) =>
    sentence(condition === undefined ? cause : `${cause} ${condition}`, description),
  );
  return {
    from: boxId(from),
    to: boxId(to),
    words: phrasesOf(transitions),
    line: 'solid',
    says: [`${from === '' ? 'any state' : from} → ${to === '' ? 'the machine' : to}`, ...reasons].join('\n'),
  };
}

function startArrows(root: ChartState): Arrow[] {
  return statesOf(root).flatMap(({ id, initial }) =>
    initial.map((first) => ({
      from: startId(id),
      to: boxId(first),
      words: [],
      line: 'solid' as const,
      says: `begins with ${first}`,
    })),
  );
}

function sentence(what: string, description: string | undefined): string {
  return description === undefined ? what : `${what}: ${description}`;
}
