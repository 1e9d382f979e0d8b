import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { ownMachines } from '../../src/diagram/own-machines.ts';
import { scxmlOf } from '../../src/diagram/scxml.ts';
import { chartOf, statesOf } from '../../src/diagram/state-chart.ts';
import { elementsOf, parseXml, type XmlElement } from '../support/parse-xml.ts';
import { randomMachine } from '../support/random-machine.ts';

const states = new Set(['state', 'parallel', 'final', 'history']);

/** What may stand in what. Source: SCXML 1.0, sections 3.2 to 3.10, of the elements that are used. */
const content: Readonly<Record<string, readonly string[]>> = {
  scxml: ['state', 'parallel', 'final'],
  state: ['onentry', 'onexit', 'transition', 'state', 'parallel', 'final', 'history'],
  parallel: ['onentry', 'onexit', 'transition', 'state', 'parallel', 'history'],
  final: ['onentry', 'onexit'],
  history: ['transition'],
  onentry: ['send'],
  onexit: ['cancel'],
  transition: [],
  send: [],
  cancel: [],
};

/** One sentence for each rule of SCXML that a document breaks. */
function* broken(document: XmlElement): Generator<string> {
  const all = elementsOf(document);
  const ids = all.flatMap(({ tag, attributes: { id } }) => (states.has(tag) && id !== undefined ? [id] : []));
  if (new Set(ids).size < ids.length) yield 'an id stands twice';
  if (document.attributes['version'] !== '1.0') yield 'the version is not 1.0';
  if (document.attributes['xmlns'] !== 'http://www.w3.org/2005/07/scxml') yield 'the namespace is wrong';
  for (const element of all) {
    const { tag, attributes, children } = element;
    for (const child of children) {
      if (!(content[tag] ?? []).includes(child.tag)) yield `<${child.tag}> in <${tag}>`;
    }
    const { id = '', target, event, initial } = attributes;
    if (states.has(tag) && !/^[A-Za-z_][\w.-]*$/.test(id)) yield `'${id}' is no id`;
    const inside = new Set(
      elementsOf(element)
        .slice(1)
        .map((one) => one.attributes['id']),
    );
    for (const one of initial?.split(' ') ?? [])
      if (!inside.has(one)) yield `${id} begins with ${one}, which is not in it`;
    if (initial !== undefined && children.every((child) => !states.has(child.tag)))
      yield `${id} has nothing to begin with`;
    for (const one of target?.split(' ') ?? [])
      if (!ids.includes(one)) yield `a transition to ${one}, which is not there`;
    if (tag === 'transition' && event === '') yield 'an event without a name';
    if (tag === 'history') {
      const [only, ...more] = children;
      if (
        only === undefined ||
        more.length > 0 ||
        event !== undefined ||
        only.attributes['target'] === undefined
      ) {
        yield `the history ${id} does not say where to go`;
      }
    }
  }
}

const scxml = (machine: AnyStateMachine) => scxmlOf(chartOf(machine));

describe('SCXML', () => {
  test('of the poller', async () => {
    const { poller } = ownMachines;
    if (poller === undefined) throw new Error('there is no poller');
    await expect(scxml(poller)).toMatchFileSnapshot('../golden/diagram/poller.scxml');
  });

  test('of the backend, which has regions', async () => {
    const { backend } = ownMachines;
    if (backend === undefined) throw new Error('there is no backend');
    await expect(scxml(backend)).toMatchFileSnapshot('../golden/diagram/backend.scxml');
  });

  test.each(Object.entries(ownMachines))('of %s keeps the rules', (_, machine) => {
    expect([...broken(parseXml(scxml(machine)))]).toEqual([]);
  });

  test.prop([randomMachine])(
    'of any machine keeps the rules, and has each state and transition',
    (machine) => {
      const document = parseXml(scxml(machine));
      fc.pre(rulesAllow(machine));
      expect([...broken(document)]).toEqual([]);
      const chart = statesOf(chartOf(machine).root);
      const all = elementsOf(document);
      expect(all.filter(({ tag }) => states.has(tag))).toHaveLength(chart.length);
      const histories = chart.filter(({ kind }) => kind === 'history').length;
      const transitions = chart.flatMap((state) => state.transitions).length;
      expect(all.filter(({ tag }) => tag === 'transition')).toHaveLength(transitions + histories);
    },
  );
});

/** XState lets a parallel state have final ones, and a state have nothing but a history; SCXML has no such thing. */
function rulesAllow(machine: AnyStateMachine): boolean {
  return statesOf(chartOf(machine).root).every(({ kind, states: inner }) => {
    if (kind === 'parallel') return inner.every((one) => one.kind !== 'final' && one.kind !== 'history');
    return inner.length === 0 || inner.some((one) => one.kind !== 'history');
  });
}
