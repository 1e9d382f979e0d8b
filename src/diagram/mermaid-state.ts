/**
 * A machine's chart as Mermaid's `stateDiagram-v2`. Two things that Mermaid cannot draw are said otherwise: an arrow
 * between a state and one inside it (which it draws from each state inside), and what a state with states inside
 * is (which stands in a note).
 */
import { MermaidIds, mermaidText } from './mermaid-text.ts';
import { type ChartState, type ChartTransition, type StateChart, statesOf } from './state-chart.ts';

/** The whole file. */
export function mermaidOfChart({ name, description, root }: StateChart): string {
  const ids = new MermaidIds();
  const lines = [
    'stateDiagram-v2',
    `  accTitle: ${mermaidText(name)}`,
    ...(description === undefined ? [] : [`  accDescr: ${mermaidText(description)}`]),
    '  direction TB',
    ...body(root, ids).map((line) => `  ${line}`),
    ...arrows(root, ids).map((line) => `  ${line}`),
    ...(root.states.length === 0 ? [`  ${simple(root, ids)}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function body(state: ChartState, ids: MermaidIds): string[] {
  const initial = state.initial.map((id) => `[*] --> ${ids.of(id)}`);
  return [...initial, ...state.states.flatMap((child) => declaration(child, ids))];
}

function declaration(state: ChartState, ids: MermaidIds): string[] {
  if (state.states.length === 0) return [simple(state, ids), ...inside(state, ids), ...ending(state, ids)];
  const id = ids.of(state.id);
  const regions =
    state.kind === 'parallel' ? state.states.map((region) => declaration(region, ids)) : [body(state, ids)];
  return [
    `state "${mermaidText(state.name)}" as ${id} {`,
    ...regions.flatMap((lines, index) => (index === 0 ? lines : ['--', ...lines])).map((line) => `  ${line}`),
    '}',
    ...note(state, ids),
  ];
}

function simple(state: ChartState, ids: MermaidIds): string {
  return `state "${mermaidText(state.name)}" as ${ids.of(state.id)}`;
}

/** Below a simple state's name: what it is, and what happens in it. */
function inside(state: ChartState, ids: MermaidIds): string[] {
  const kind = state.history === undefined ? [] : [`${state.history} history`];
  const said = [...(state.description === undefined ? [] : [state.description]), ...kind, ...stays(state)];
  return said.map((words) => `${ids.of(state.id)} : ${mermaidText(words)}`);
}

function ending(state: ChartState, ids: MermaidIds): string[] {
  return state.kind === 'final' ? [`${ids.of(state.id)} --> [*]`] : [];
}

function note(state: ChartState, ids: MermaidIds): string[] {
  const said = [...(state.description === undefined ? [] : [state.description]), ...stays(state)];
  if (said.length === 0) return [];
  return [`note right of ${ids.of(state.id)}`, ...said.map((words) => `  ${mermaidText(words)}`), 'end note'];
}

/** What has no arrow: what leaves no state, and what begins a state around it, or itself, anew. */
function stays(state: ChartState): string[] {
  return [
    ...state.invokes.map((actor) => `runs ${actor}`),
    ...state.transitions.flatMap((one) => {
      if (one.targets.length === 0) return [`${words(one)}: stays`];
      return one.targets.filter((to) => isAround(to, state)).map((to) => `${words(one)}: begins ${to} anew`);
    }),
  ];
}

function isAround(target: string, { id, states }: ChartState): boolean {
  return target === '' || id.startsWith(`${target}.`) || (target === id && states.length > 0);
}

const words = ({ trigger, cause, condition }: ChartTransition): string =>
  condition === undefined ? cause : trigger.kind === 'always' ? condition : `${cause} ${condition}`;

function arrows(root: ChartState, ids: MermaidIds): string[] {
  const lines = statesOf(root).flatMap((state) =>
    state.transitions.flatMap((transition) =>
      transition.targets
        .filter((to) => !isAround(to, state))
        .flatMap((to) => origins(state, to).map((from) => arrow(from, to, transition, ids))),
    ),
  );
  return [...new Set(lines)];
}

function arrow(from: string, to: string, transition: ChartTransition, ids: MermaidIds): string {
  return `${ids.of(from)} --> ${ids.of(to)} : ${mermaidText(words(transition))}`;
}

/**
 * Where an arrow begins: at the state, or, for a target inside it, at each state inside that it can be taken from
 * and that neither is the target nor has it inside.
 */
function origins(state: ChartState, to: string): string[] {
  if (state.states.length === 0 || (state.id !== '' && !to.startsWith(`${state.id}.`))) return [state.id];
  const living = state.states.filter(({ kind }) => kind !== 'final' && kind !== 'history');
  return living.flatMap((child) => {
    if (child.id === to) return [];
    if (to.startsWith(`${child.id}.`)) return origins(child, to);
    return state.kind === 'parallel' ? [] : [child.id];
  });
}
