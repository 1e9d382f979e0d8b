/** Peers: what they cost a request, and how fast they are told. */
import { describeMachine, versionOf } from '../support/machine.mjs';
import { median, spread } from '../support/statistics.mjs';
import { markdownTable } from '../support/table.mjs';
import { measureFullQueue } from './full-queue.mjs';
import { measureOperations } from './operations.mjs';
import { measureQueueCost } from './queue-cost.mjs';

/**
 * @param {import('../support/processes.mjs').Processes} processes
 * @param {{ short: boolean, rounds: number, seconds: number, warmUpSeconds: number, quiet: boolean, say: (line: string) => void }} effort
 */
export async function runPeer(processes, effort) {
  const { short } = effort;
  const cost = await measureQueueCost(short ? { batches: 3, batch: 1_000 } : { batches: 25, batch: 10_000 });
  const operations = await measureOperations(processes, { ...effort, operations: short ? 500 : 20_000 });
  const queue = await measureFullQueue(processes, effort);
  const machine = describeMachine();
  const text = [
    ...Object.entries(machine).map(([what, value]) => `${what}: ${value}`),
    '',
    reportCost(cost),
    '',
    operations === undefined ? 'not installed: curl' : reportOperations(operations),
    '',
    reportFullQueue(queue),
  ].join('\n');
  return { result: { machine, cost, operations, queue }, text };
}

function reportCost({ queueUs, queueBodyUs, refusedUs, bytesEach, headBytes }) {
  return markdownTable(
    ['an operation with 12 fields', ''],
    [
      ['queue(req), µs', queueUs.toFixed(2)],
      ['queue(req, body), µs', queueBodyUs.toFixed(2)],
      ['queue(req) when the queue is full, µs', refusedUs.toFixed(2)],
      ['memory while it waits, bytes', bytesEach.toFixed(0)],
      ['its head, bytes', headBytes.toFixed(0)],
    ],
  );
}

function reportOperations(runs) {
  const rows = Object.entries(runs).map(([threads, { troupe, curl }]) => {
    const ratio = median(troupe.map((perSecond, round) => perSecond / (curl[round] ?? Number.NaN)));
    const range = (values) => `${(100 * spread(values)).toFixed(0)} %`;
    return [
      threads,
      median(troupe).toFixed(0),
      median(curl).toFixed(0),
      ratio.toFixed(2),
      range(troupe),
      range(curl),
    ];
  });
  const curl = `curl ${versionOf('curl', '--version')}`;
  return markdownTable(
    ['at a time', 'operations/s', curl, 'Troupe ÷ curl', 'spread', 'spread of curl'],
    rows,
  );
}

function reportFullQueue({ without, full }) {
  const cpuUs = (runs) => runs.map(({ perCpuSecond }) => 1e6 / perCpuSecond);
  const p99 = (runs) => runs.map(({ p99Us }) => p99Us / 1_000);
  const range = (values) => `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  const row = (name, runs, ratio) => [
    name,
    median(cpuUs(runs)).toFixed(1),
    ratio,
    median(p99(runs)).toFixed(2),
    range(p99(runs)),
  ];
  const ratios = cpuUs(full).map((us, round) => us / (cpuUs(without)[round] ?? Number.NaN));
  return markdownTable(
    ['1 KB passed through', 'CPU µs/request', 'ratio', 'p99 ms', 'p99, all runs'],
    [row('without a peer', without, '1.00'), row('its queue full', full, median(ratios).toFixed(3))],
  );
}
