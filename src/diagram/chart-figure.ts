/**
 * From a machine's chart to a figure. Three things keep it readable, and none changes what it says:
 * - what leaves no state is written in the state's box, as UML does, in place of a loop;
 * - arrows between the same two states are one, with all their words;
 * - what leads from every state of a group to the same one is drawn once, from the group.
 */
import type { Arrow, Box, Figure, Phrase, Shape } from './figure.ts';
import { type ChartState, type ChartTransition, type StateChart, statesOf } from './state-chart.ts';

export function chartFigure({ name, description, root }: StateChart): Figure {
  const isEmpty = root.states.length === 0;
  return {
    name,
    title: name,
    description: description ?? `The state chart of ${name}.`,
    boxes: [boxOf(root, isEmpty ? 'state' : 'frame')],
    arrows: [...startArrows(root), ...merged(statesOf(root).flatMap(arrowsOf), factored(root))],
  };
}

const boxId = ({ id }: { readonly id: string }): string => `state:${id}`;
const startId = ({ id }: { readonly id: string }): string => `start:${id}`;

function shapeOf(state: ChartState, parent: ChartState): Shape {
  if (state.kind === 'final' || state.kind === 'history') return state.kind;
  if (parent.kind === 'parallel') return state.states.length > 0 ? 'region' : 'state';
  return state.states.length > 0 ? 'group' : 'state';
}

function boxOf(state: ChartState, shape: Shape): Box {
  const start: Box = {
    id: startId(state),
    shape: 'start',
    words: [],
    boxes: [],
    says: `${state.name} begins`,
  };
  const children = state.states.map((child) => boxOf(child, shapeOf(child, state)));
  const kind = state.kind === 'final' ? 'final state' : shape === 'frame' ? 'machine' : 'state';
  return {
    id: boxId(state),
    shape,
    words: [...heading(state, shape), ...stays(state)],
    boxes: state.initial.length > 0 ? [start, ...children] : children,
    says: sentence(`${kind} ${state.name}`, state.description),
  };
}

function heading(state: ChartState, shape: Shape): Phrase[] {
  const history = state.history === undefined ? [] : [text(`${state.history} history`)];
  return [
    { text: state.name, style: shape === 'frame' ? 'title' : 'name' },
    ...(state.description === undefined ? [] : [text(state.description)]),
    ...history,
    ...state.invokes.map((actor) => text(`runs ${actor}`)),
  ];
}

const text = (words: string): Phrase => ({ text: words, style: 'text' });

/** What happens within the state, one line for all that has no condition. */
function stays(state: ChartState): Phrase[] {
  const inside = state.transitions.filter((transition) => !leaves(state, transition));
  const phrases = transitionPhrases(inside);
  return phrases.map((phrase, index) => (index === 0 ? { ...phrase, apart: 'rule' } : phrase));
}

/** A transition of a simple state to itself does as little as one without a target, unless it re-enters. */
function leaves(state: ChartState, { targets, reenter }: ChartTransition): boolean {
  return targets.some((target) => target !== state.id || reenter || state.states.length > 0);
}

/** The words of several transitions that share an arrow or a box. */
function transitionPhrases(transitions: readonly ChartTransition[]): Phrase[] {
  const byCondition = new Map<string, string[]>();
  for (const { cause, condition } of transitions) {
    const causes = byCondition.get(condition ?? '') ?? [];
    if (!causes.includes(cause)) causes.push(cause);
    byCondition.set(condition ?? '', causes);
  }
  const phrases: Phrase[] = [];
  for (const [condition, causes] of byCondition) {
    const first = phrases.length;
    const named = causes.filter((cause) => cause !== 'always' || condition === '');
    if (named.length > 0) phrases.push({ text: named.join(', '), style: 'event' });
    if (condition !== '') phrases.push({ text: condition, style: 'guard' });
    const begin = phrases[first];
    if (first > 0 && begin !== undefined) phrases[first] = { ...begin, apart: 'gap' };
  }
  return phrases;
}

interface Leading {
  readonly from: string;
  readonly to: string;
  readonly transition: ChartTransition;
}

function arrowsOf(state: ChartState): Leading[] {
  const leaving = state.transitions.filter((transition) => leaves(state, transition));
  return leaving.flatMap((transition) =>
    transition.targets.map((target) => ({ from: state.id, to: target, transition })),
  );
}

/** What counts as the same arrow from another state. */
const sameAs = ({ to, transition: { cause, condition } }: Leading): string =>
  JSON.stringify([to, cause, condition]);

/** From how many states, besides the target, the same arrow must lead to be drawn once. */
const FEWEST = 3;

/** Per group: arrows that lead from all of its states to one of them. */
function factored(root: ChartState): Leading[] {
  const groups = statesOf(root).filter((state) => state.kind === 'compound');
  return groups.flatMap((group) => {
    const staying = group.states.filter(({ kind }) => kind !== 'final' && kind !== 'history');
    const found = new Map<string, { leading: Leading; from: Set<string> }>();
    for (const leading of staying.flatMap(arrowsOf)) {
      const entry = found.get(sameAs(leading)) ?? { leading, from: new Set() };
      entry.from.add(leading.from);
      found.set(sameAs(leading), entry);
    }
    const everywhere = [...found.values()].filter(({ leading, from }) => {
      const others = staying.filter(({ id }) => id !== leading.to);
      const isInside = group.states.some(({ id }) => id === leading.to);
      return isInside && others.length >= FEWEST && others.every(({ id }) => from.has(id));
    });
    return everywhere.map(({ leading }) => ({ ...leading, from: group.id }));
  });
}

/** @param common arrows of whole groups, which stand for those of their states */
function merged(all: readonly Leading[], common: readonly Leading[]): Arrow[] {
  const parentOf = (id: string) => id.split('.').slice(0, -1).join('.');
  const covered = (leading: Leading) =>
    common.some(
      (one) => sameAs(one) === sameAs(leading) && one.from === parentOf(leading.from) && leading.from !== '',
    );
  const arrows = new Map<string, Leading[]>();
  for (const leading of [...all.filter((one) => !covered(one)), ...common]) {
    const key = JSON.stringify([leading.from, leading.to]);
    arrows.set(key, [...(arrows.get(key) ?? []), leading]);
  }
  return [...arrows.values()].map((same) => arrowOf(same));
}

function arrowOf(same: readonly Leading[]): Arrow {
  const [{ from, to }] = same as [Leading];
  const transitions = same.map(({ transition }) => transition);
  const reasons = transitions.map(({ cause, condition, description }) =>
    sentence([cause, condition].filter(Boolean).join(' '), description),
  );
  return {
    from: boxId({ id: from }),
    to: boxId({ id: to }),
    words: transitionPhrases(transitions),
    line: 'solid',
    says: [`${from === '' ? 'anywhere' : from} → ${to}`, ...reasons].join('\n'),
  };
}

function startArrows(root: ChartState): Arrow[] {
  return statesOf(root).flatMap((state) =>
    state.initial.map((first) => ({
      from: startId(state),
      to: boxId({ id: first }),
      words: [],
      line: 'solid' as const,
      says: `begins with ${first}`,
    })),
  );
}

function sentence(what: string, description: string | undefined): string {
  return description === undefined ? what : `${what}: ${description}`;
}
