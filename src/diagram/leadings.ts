/**
 * Which arrows a chart needs. What leads from every state of a group to the same one of them is one arrow, from the
 * group: an order that an operator may give in any of four states is four arrows and not sixteen.
 */
import { type ChartState, type ChartTransition, statesOf } from './state-chart.ts';

/** A transition to one of its targets, by ids of states. */
export interface Leading {
  readonly from: string;
  readonly to: string;
  readonly transition: ChartTransition;
}

export interface Leadings {
  readonly arrows: readonly Leading[];
  /** What leaves the state for no other, and is no loop; what is drawn for the group already, is not an arrow of the state itself. */
  staysIn(state: ChartState): readonly ChartTransition[];
}

/** From how many states, besides the target, the same must lead to be drawn once. */
const FEWEST = 3;

export function leadingsOf(root: ChartState): Leadings {
  const groups = statesOf(root);
  const common = groups.flatMap(commonOf);
  const groupOf = new Map(groups.flatMap(({ id, states }) => states.map((state) => [state.id, id])));
  const isCommon = (leading: Leading) =>
    common.some((one) => one.from === groupOf.get(leading.from) && keyOf(one) === keyOf(leading));
  const own = groups.flatMap(leaving).filter((leading) => !isCommon(leading));
  return {
    arrows: [...own, ...common],
    staysIn: (state) =>
      state.transitions.filter((transition) => {
        const itself: Leading = { from: state.id, to: state.id, transition };
        return !leaves(state, transition) && !(transition.targets.length > 0 && isCommon(itself));
      }),
  };
}

/**
 * A transition of a simple state to itself does as little as one without a target, unless it re-enters. That of a
 * state with states inside begins anew; a loop round it would take more room than it is worth.
 */
function leaves({ id, states }: ChartState, { targets, reenter }: ChartTransition): boolean {
  return targets.some((target) => target !== id || (reenter && states.length === 0));
}

function leaving(state: ChartState): Leading[] {
  return state.transitions
    .filter((transition) => leaves(state, transition))
    .flatMap((transition) => transition.targets.map((to) => ({ from: state.id, to, transition })));
}

/** What counts as the same from another state. */
function keyOf({ to, transition: { cause, condition } }: Leading): string {
  return JSON.stringify([to, cause, condition]);
}

/** What leads from all states of a group to one of them. */
function commonOf(group: ChartState): Leading[] {
  if (group.kind !== 'compound') return [];
  const living = group.states.filter(({ kind }) => kind !== 'final' && kind !== 'history');
  const found = new Map<string, { leading: Leading; from: Set<string> }>();
  for (const leading of living.flatMap(leaving)) {
    const same = found.get(keyOf(leading)) ?? { leading, from: new Set() };
    same.from.add(leading.from);
    found.set(keyOf(leading), same);
  }
  return [...found.values()]
    .filter(({ leading: { to }, from }) => {
      const others = living.filter(({ id }) => id !== to);
      const isInside = group.states.some(({ id }) => id === to);
      return isInside && others.length >= FEWEST && others.every(({ id }) => from.has(id));
    })
    .map(({ leading }) => ({ ...leading, from: group.id }));
}
