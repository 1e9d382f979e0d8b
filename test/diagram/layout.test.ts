import { test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { chartFigure } from '../../src/diagram/chart-figure.ts';
import { drawingFaults } from '../../src/diagram/drawing-faults.ts';
import { drawing } from '../../src/diagram/layout.ts';
import { chartOf } from '../../src/diagram/state-chart.ts';
import { randomMachine } from '../support/random-machine.ts';

/** Milliseconds; a drawing is some twenty layouts. */
const PATIENCE_MS = 120_000;

test.prop([randomMachine], { numRuns: 15 })(
  'whatever the machine, nothing overlaps, is cut off or leads nowhere',
  async (machine) => {
    expect(drawingFaults(await drawing(chartFigure(chartOf(machine))))).toEqual([]);
  },
  PATIENCE_MS,
);
