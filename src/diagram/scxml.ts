/**
 * A machine's chart as SCXML: its structure, which other tools can draw, check and compare. Guards and delays are
 * names in the data model of ECMAScript; actions, which are code, are left out. Source: W3C, State Chart XML 1.0.
 */
import { type ChartState, type ChartTransition, type StateChart, statesOf } from './state-chart.ts';
import { commentText, escapeXml } from './xml.ts';

/** The whole file. The machine itself is its outermost state, so that it can hear what it hears everywhere. */
export function scxmlOf({ name, root }: StateChart): string {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    open('scxml', {
      xmlns: 'http://www.w3.org/2005/07/scxml',
      version: '1.0',
      datamodel: 'ecmascript',
      name: nmtoken(name),
      initial: stateId(root),
    }),
    ...stateLines(root, new Map(statesOf(root).map((state) => [state.id, state]))).map(indented),
    '</scxml>',
  ];
  return `${lines.join('\n')}\n`;
}

type States = ReadonlyMap<string, ChartState>;

function stateLines(state: ChartState, states: States): string[] {
  const tag = tagOf(state);
  const isCompound = tag === 'state' && state.states.length > 0;
  const attributes = {
    id: stateId(state),
    initial: isCompound ? ids(state.initial, states) : undefined,
    type: state.history,
  };
  const content = [
    ...(state.description === undefined ? [] : [`<!-- ${commentText(state.description)} -->`]),
    ...timers(state),
    ...(tag === 'final' ? [] : state.transitions.map((one) => transitionLine(one, state, states))),
    ...historyDefault(state, states),
    ...state.states.flatMap((child) => stateLines(child, states)),
  ];
  if (content.length === 0) return [open(tag, attributes, '/')];
  return [open(tag, attributes), ...content.map(indented), `</${tag}>`];
}

/** XState allows final states to have states or transitions of their own; SCXML does not (section 3.7). */
function tagOf({ kind }: ChartState): 'state' | 'parallel' | 'final' | 'history' {
  switch (kind) {
    case 'atomic':
    case 'compound':
      return 'state';
    case 'parallel':
    case 'final':
    case 'history':
      return kind;
    default:
      return kind satisfies never;
  }
}

/** A history state must say where to go when there is no history (section 3.10). */
function historyDefault(state: ChartState, states: States): string[] {
  if (state.kind !== 'history') return [];
  const parent = states.get(parentId(state.id));
  const siblings = (parent?.states ?? []).filter(({ kind }) => kind !== 'history');
  const isParallel = parent?.kind === 'parallel';
  const first = isParallel ? siblings.map(({ id }) => id) : (parent?.initial ?? []);
  const target = first.filter((id) => id !== state.id);
  const known = target.length > 0 ? target : siblings.slice(0, 1).map(({ id }) => id);
  return [open('transition', { target: ids(known, states) }, '/')];
}

const parentId = (id: string): string => id.slice(0, Math.max(0, id.lastIndexOf('.')));

/** A timer is started on entry, and stopped on exit. */
function timers(state: ChartState): string[] {
  const delays = new Map<string, string>();
  for (const { trigger } of state.transitions) {
    if (trigger.kind !== 'after') continue;
    const delay =
      trigger.ms === undefined
        ? { delayexpr: expression('delays', trigger.name) }
        : { delay: `${trigger.ms}ms` };
    const event = eventName(trigger.event);
    delays.set(event, open('send', { id: nmtoken(event), event, ...delay }, '/'));
  }
  if (delays.size === 0) return [];
  return [
    '<onentry>',
    ...[...delays.values()].map(indented),
    '</onentry>',
    '<onexit>',
    ...[...delays.keys()].map((event) => indented(open('cancel', { sendid: nmtoken(event) }, '/'))),
    '</onexit>',
  ];
}

function transitionLine(transition: ChartTransition, state: ChartState, states: States): string {
  const { trigger, guard, targets, reenter } = transition;
  // Without re-entering, a simple state that is its own target is not left; SCXML says so by naming no target.
  const stays = !reenter && state.states.length === 0 && targets.every((target) => target === state.id);
  const isInside = targets.every((target) => target !== state.id && isWithin(target, state.id));
  return open(
    'transition',
    {
      event: trigger.kind === 'always' ? undefined : eventName(trigger.event),
      cond: guard === undefined ? undefined : expression('guards', guard),
      target: stays || targets.length === 0 ? undefined : ids(targets, states),
      type: !reenter && isInside && targets.length > 0 ? 'internal' : undefined,
    },
    '/',
  );
}

const isWithin = (id: string, outer: string): boolean => outer === '' || id.startsWith(`${outer}.`);

const stateId = ({ id }: ChartState): string => (id === '' ? 'machine' : `machine.${xmlId(id)}`);

function ids(targets: readonly string[], states: States): string {
  return targets
    .flatMap((id) => states.get(id) ?? [])
    .map(stateId)
    .join(' ');
}

/** An expression that reads a function or number by its name, which may be any text. */
function expression(table: string, name: string): string {
  return `${table}[${JSON.stringify(name)}]`;
}

/** Event descriptors are separated by blanks, and `*` stands for all (section 3.12.1). */
function eventName(event: string): string {
  return event === '*' ? event : event.replace(/\s/g, '_');
}

/** For xsd:ID: letters, digits, dots, hyphens; anything else as its number, so that two ids never become one. */
function xmlId(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]/gu, (character) => `_${character.codePointAt(0)?.toString(16)}_`);
}

const nmtoken = (text: string): string => xmlId(text) || '_';

const indented = (line: string): string => `  ${line}`;

function open(
  tag: string,
  attributes: Readonly<Record<string, string | undefined>>,
  end: '' | '/' = '',
): string {
  const written = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}="${escapeXml(value)}"`],
  );
  return `<${tag}${written.join('')}${end}>`;
}
