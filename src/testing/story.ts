/** A run as a person reads it: when, what happened, from which state to which, and what the machine said. */
import { stringify } from 'fast-check';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject, StateValue } from 'xstate';
import type { Moment, PlannedAction } from './moment.ts';

/** Characters of a payload that a line shows: of what happened, and of what was said because of it. */
const HEARD_LENGTH = 120;
const SAID_LENGTH = 60;

function stateWords(value: StateValue): string {
  if (typeof value === 'string') return value;
  const parts = Object.entries(value).map(([name, inner]) => {
    if (inner === undefined || (typeof inner === 'object' && Object.keys(inner).length === 0)) return name;
    const words = stateWords(inner);
    return words.includes(', ') ? `${name}(${words})` : `${name}.${words}`;
  });
  return parts.join(', ');
}

function eventWords({ type, ...payload }: EventObject, length: number): string {
  if (Object.keys(payload).length === 0) return type;
  const all = stringify(payload);
  return `${type} ${all.length > length ? `${all.slice(0, length)}…` : all}`;
}

/** What happened, in the words of the definition where XState made the event up. */
function causeWords<Machine extends AnyStateMachine>(
  { event, taken }: Moment<Machine>,
  before: Moment<Machine> | undefined,
): string {
  const { type, ...payload } = event as EventObject;
  if (!type.startsWith('xstate.')) return eventWords({ type, ...payload }, HEARD_LENGTH);
  const actor = before?.running.find(({ id }) => type.endsWith(`.actor.${id}`));
  const [name] = taken;
  const asDefined = /: (.*?)(?: \[.*\])? (?:→|↻|stays)/.exec(name ?? '')?.[1] ?? type;
  const words =
    actor === undefined ? asDefined : `${actor.src} ${type.startsWith('xstate.error') ? 'failed' : 'done'}`;
  const { output, error } = payload as { output?: unknown; error?: unknown };
  return output === undefined && error === undefined ? words : `${words} ${stringify(output ?? error)}`;
}

/** Actors that are left are stopped without a word: their state says so. */
function actionWords({ type, params }: PlannedAction): readonly string[] {
  if (type === 'xstate.stopChild') return [];
  if (type !== 'xstate.spawnChild') return [type];
  const { src, id } = params as { readonly src: unknown; readonly id: string };
  return [`starts ${typeof src === 'string' ? src : id}`];
}

/** One line for each moment in which something happened. */
export function tellStory<Machine extends AnyStateMachine>(moments: readonly Moment<Machine>[]): string {
  let before: string | undefined;
  let last: Moment<Machine> | undefined;
  const rows: { at: string; what: string; states: string; said: string }[] = [];
  for (const moment of moments) {
    const now = stateWords((moment.snapshot as AnyMachineSnapshot).value);
    const happened = before === undefined || moment.event !== undefined;
    if (happened) {
      const what = moment.event === undefined ? '(start)' : causeWords(moment, last);
      const states = before === undefined || before === now ? now : `${before} → ${now}`;
      const emitted: readonly EventObject[] = moment.emitted;
      const said = [
        ...emitted.map((event) => `emits ${eventWords(event, SAID_LENGTH)}`),
        ...moment.actions.flatMap(actionWords),
      ];
      rows.push({ at: `${moment.now} ms`, what, states, said: said.join('; ') });
    }
    before = now;
    last = moment;
  }
  const width = (key: 'at' | 'what' | 'states') => Math.max(0, ...rows.map((row) => row[key].length));
  const [at, what, states] = [width('at'), Math.min(60, width('what')), Math.min(40, width('states'))];
  return rows
    .map((row) =>
      `${row.at.padStart(at)}  ${row.what.padEnd(what)}  ${row.states.padEnd(states)}  ${row.said}`.trimEnd(),
    )
    .join('\n');
}
