/** What can be drawn, in which formats. */
import type { AnyStateMachine } from 'xstate';
import { chartFigure } from './chart-figure.ts';
import type { Figure } from './figure.ts';
import { jsonOfGraph } from './graph-json.ts';
import { drawing } from './layout.ts';
import { jsonOf } from './machine-json.ts';
import { machineWords } from './machine-words.ts';
import { mermaidOfGraph } from './mermaid-flow.ts';
import { mermaidOfChart } from './mermaid-state.ts';
import { ownMachines } from './own-machines.ts';
import { scxmlOf } from './scxml.ts';
import { chartOf } from './state-chart.ts';
import { svgOf } from './svg.ts';
import { topologyFigure } from './topology.ts';
import { noWords, type Words } from './words.ts';

export type Format = 'svg' | 'mermaid' | 'json' | 'scxml';

/** What a file of each format ends in. */
export const endings: { readonly [Name in Format]: string } = {
  svg: 'svg',
  mermaid: 'mmd',
  json: 'json',
  scxml: 'scxml',
};

/** Something to draw; `name` is what its file is called. */
export interface Subject {
  readonly name: string;
  readonly figure: Figure;
  /** How to write it; a format that is missing here cannot say what it is. */
  readonly formats: { readonly [Name in Format]?: () => string | Promise<string> };
}

export function machineSubject(name: string, machine: AnyStateMachine, words: Words = noWords): Subject {
  const chart = chartOf(machine, words);
  const figure = chartFigure(chart);
  return {
    name,
    figure,
    formats: {
      svg: async () => svgOf(await drawing(figure)),
      mermaid: () => mermaidOfChart(chart),
      json: () => jsonOf(machine),
      scxml: () => scxmlOf(chart),
    },
  };
}

/** A graph is no state chart, and so has no SCXML. */
export function graphSubject(figure: Figure): Subject {
  return {
    name: figure.name,
    figure,
    formats: {
      svg: async () => svgOf(await drawing(figure)),
      mermaid: () => mermaidOfGraph(figure),
      json: () => jsonOfGraph(figure),
    },
  };
}

/** Troupe's own machines, and who of them hears what from whom. */
export function ownSubjects(): Subject[] {
  const machines = Object.entries(ownMachines).map(([name, machine]) =>
    machineSubject(name, machine, machineWords[machine.id]),
  );
  return [...machines, graphSubject(topologyFigure())];
}
