import { createRequire } from 'node:module';
import { fc, test } from '@fast-check/vitest';
import type { ELK } from 'elkjs';
import { describe, expect } from 'vitest';
import { chartFigure } from '../../src/diagram/chart-figure.ts';
import { drawing } from '../../src/diagram/layout.ts';
import { machineWords } from '../../src/diagram/machine-words.ts';
import { nested } from '../../src/diagram/nested.ts';
import { ownMachines } from '../../src/diagram/own-machines.ts';
import { chartOf } from '../../src/diagram/state-chart.ts';
import { topologyFigure } from '../../src/diagram/topology.ts';
import { drawingFaults } from '../support/drawing-faults.ts';
import { randomMachine } from '../support/random-machine.ts';

const elk = new (createRequire(import.meta.url)('elkjs/lib/elk.bundled.js') as new () => ELK)();

describe('a drawing has nothing that overlaps, is cut off or leads nowhere', () => {
  test.each(Object.entries(ownMachines))('%s', async (_, machine) => {
    const figure = chartFigure(chartOf(machine, machineWords[machine.id]));
    expect(drawingFaults(await drawing(figure))).toEqual([]);
  });

  test('topology', async () => {
    expect(drawingFaults(await drawing(topologyFigure()))).toEqual([]);
  });

  test.prop(
    [
      randomMachine,
      fc.record({
        stacked: fc.boolean(),
        direction: fc.constantFrom('DOWN' as const, 'RIGHT' as const),
        placement: fc.constantFrom('BRANDES_KOEPF' as const, 'NETWORK_SIMPLEX' as const),
        labels: fc.constantFrom('MEDIAN_LAYER' as const, 'SPACE_EFFICIENT_LAYER' as const),
      }),
    ],
    { numRuns: Number(process.env['RUNS'] ?? 100) },
  )('of any machine, however it is arranged', async (machine, arrangement) => {
    const widths = { box: 150, frame: 340, group: 200, label: 130 };
    const drawn = await nested(elk, chartFigure(chartOf(machine)), { ...arrangement, widths });
    expect(drawingFaults(drawn)).toEqual([]);
  });
});
