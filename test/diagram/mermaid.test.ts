import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { chartFigure } from '../../src/diagram/chart-figure.ts';
import { mermaidOfGraph } from '../../src/diagram/mermaid-flow.ts';
import { mermaidOfChart } from '../../src/diagram/mermaid-state.ts';
import { ownMachines } from '../../src/diagram/own-machines.ts';
import { chartOf, statesOf } from '../../src/diagram/state-chart.ts';
import { topologyFigure } from '../../src/diagram/topology.ts';
import { randomMachine } from '../support/random-machine.ts';

/** Text in which nothing can be taken for syntax: what could be is written as an entity. */
const TEXT = '(?:[^#;:"<>&{}\\[\\]()|`%\\\\\\n]|#\\d+;)*';
const ID = '[A-Za-z][A-Za-z0-9_]*';
const words = /^(?:state|note|end|direction|as|class|style|default|click|left|right|of|scale|hide)$/i;

const forms = {
  open: new RegExp(`^state "${TEXT}" as (${ID}) \\{$`),
  state: new RegExp(`^state "${TEXT}" as (${ID})$`),
  text: new RegExp(`^(${ID}) : ${TEXT}$`),
  initial: new RegExp(`^\\[\\*\\] --> (${ID})$`),
  final: new RegExp(`^(${ID}) --> \\[\\*\\]$`),
  arrow: new RegExp(`^(${ID}) --> (${ID}) : ${TEXT}$`),
  note: new RegExp(`^note right of (${ID})$`),
};

interface Read {
  /** Ids of the states around each state, outermost first. */
  readonly states: ReadonlyMap<string, readonly string[]>;
  readonly arrows: readonly (readonly [from: string, to: string])[];
}

/** Reads a state diagram as narrowly as it is written; anything else throws. */
function read(source: string): Read {
  const lines = source.split('\n').map((line) => line.trim());
  expect(lines.shift()).toBe('stateDiagram-v2');
  expect(lines.pop()).toBe('');
  const states = new Map<string, readonly string[]>();
  const arrows: [string, string][] = [];
  const around: string[] = [];
  let inNote = false;
  for (const line of lines) {
    const found = (form: RegExp) => form.exec(line)?.slice(1);
    const declared = found(forms.open) ?? found(forms.state);
    const arrow = found(forms.arrow);
    const named = found(forms.text) ?? found(forms.initial) ?? found(forms.final) ?? found(forms.note);
    if (inNote) {
      expect(line).toMatch(new RegExp(`^${TEXT}$`));
      inNote = line !== 'end note';
    } else if (declared !== undefined) {
      const [id = ''] = declared;
      expect(states.has(id), `${id} is declared once`).toBe(false);
      expect(id).not.toMatch(words);
      states.set(id, [...around]);
      if (line.endsWith('{')) around.push(id);
    } else if (line === '}') {
      expect(around.pop(), 'something to close').toBeDefined();
    } else if (line === '--') {
      expect(around.length, 'regions are in a state').toBeGreaterThan(0);
    } else if (arrow !== undefined) {
      arrows.push([arrow[0] ?? '', arrow[1] ?? '']);
    } else if (named !== undefined) {
      inNote = forms.note.test(line);
    } else {
      expect(line).toMatch(new RegExp(`^(?:direction TB|acc(?:Title|Descr): ${TEXT})$`));
    }
  }
  expect(around, 'all is closed').toEqual([]);
  return { states, arrows };
}

/** What its renderer fails at. */
function expectDrawable({ states, arrows }: Read): void {
  for (const [from, to] of arrows) {
    for (const id of [from, to]) expect(states.has(id), `${id} is declared`).toBe(true);
    expect(states.get(to), `${from} --> ${to} leads into itself`).not.toContain(from);
    expect(states.get(from), `${from} --> ${to} leads out to what is around it`).not.toContain(to);
  }
}

describe('a state diagram', () => {
  test('of the config, word for word', async () => {
    const { config } = ownMachines;
    if (config === undefined) throw new Error('there is no config');
    await expect(mermaidOfChart(chartOf(config))).toMatchFileSnapshot('../golden/diagram/config.mmd');
  });

  test.each(Object.entries(ownMachines))('of %s is what Mermaid reads and can draw', (_, machine) => {
    const chart = chartOf(machine);
    const diagram = read(mermaidOfChart(chart));
    expectDrawable(diagram);
    expect(diagram.states.size).toBe(statesOf(chart.root).length - 1);
  });

  test.prop([randomMachine])('of any machine is what Mermaid reads and can draw', (machine) => {
    const chart = chartOf(machine);
    const diagram = read(mermaidOfChart(chart));
    expectDrawable(diagram);
    expect(diagram.states.size).toBe(Math.max(1, statesOf(chart.root).length - 1));
  });
});

describe('a flowchart', () => {
  const node = new RegExp(
    `^${ID}(?:\\["X"\\]|\\(\\["X"\\]\\)|\\{\\{"X"\\}\\}|\\("X"\\))$`.replaceAll('X', `(?:${TEXT}|<br/>)*`),
  );
  const edge = new RegExp(`^(${ID}) <?(?:-->|-\\.->)(?:\\|"(?:${TEXT}|<br/>)*"\\|)? (${ID})$`);

  test('of the topology is what Mermaid reads, with each box and arrow', () => {
    const figure = topologyFigure();
    const [first, title, description, ...lines] = mermaidOfGraph(figure).trimEnd().split('\n');
    expect([first, title?.slice(0, 12), description?.slice(0, 12)]).toEqual([
      'flowchart TB',
      '  accTitle: ',
      '  accDescr: ',
    ]);
    const trimmed = lines.map((line) => line.trim());
    expect(trimmed.filter((line) => node.test(line))).toHaveLength(figure.boxes.length);
    expect(trimmed.filter((line) => edge.test(line))).toHaveLength(figure.arrows.length);
    expect(lines).toHaveLength(figure.boxes.length + figure.arrows.length);
  });

  test.prop([randomMachine])('reads whatever its boxes are called', (machine) => {
    const { boxes } = chartFigure(chartOf(machine));
    const figure = { name: 'x', title: 'x', description: 'x', boxes, arrows: [] };
    const lines = mermaidOfGraph(figure).trimEnd().split('\n').slice(3);
    for (const line of lines) expect(line.trim()).toMatch(node);
  });
});
