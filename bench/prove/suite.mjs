/** The simulated world that `troupe prove` runs configs in: messages a second, and how long an hour takes. */
import { manyBackends, manyDirectors } from '../control/configs.mjs';
import { fromDist } from '../support/dist.mjs';
import { describeMachine } from '../support/machine.mjs';
import { watchOtherPrograms } from '../support/other-programs.mjs';
import { markdownTable } from '../support/table.mjs';

const { World } = await fromDist('simulation/world');

const HOUR_MS = 3_600_000;
/** Milliseconds of simulated time that are measured at once. */
const STEP_MS = 10_000;

/** @param {boolean} short a minute in place of an hour, a tenth of the backends: shows that it works */
export async function runProveBench(short) {
  const others = watchOtherPrograms();
  const backends = short ? 100 : 1_000;
  const span = short ? 60_000 : HOUR_MS;
  const rows = [
    // Probed every 10 ms, so that an hour has as many messages as a thousand backends have.
    await measure({ backends: 1, intervalMs: 10, perSecond: 0, ms: span }),
    await measure({ backends, perSecond: 0, ms: span }),
    await measure({ backends, perSecond: 100, ms: span }),
  ];
  const machine = describeMachine();
  const head = ['world', 'simulated s', 'messages', 'requests', 'CPU s', 'wall s', 'messages/CPU s'];
  const table = markdownTable(
    head,
    rows.map(({ name, ms, messages, requests, cpuSeconds, wallSeconds }) => [
      name,
      String(ms / 1_000),
      String(messages),
      String(requests),
      cpuSeconds.toFixed(1),
      wallSeconds.toFixed(1),
      String(Math.round(messages / cpuSeconds)),
    ]),
  );
  const lines = Object.entries(machine).map(([what, value]) => `${what}: ${value}`);
  const text = [...lines, `meanwhile: other programs used ${others().toFixed(2)} cores`, '', table].join(
    '\n',
  );
  return { result: { machine, rows }, text };
}

async function measure({ backends: count, intervalMs, perSecond, ms }) {
  const declared = manyBackends(count, '/health').map((backend) => ({
    ...backend,
    probe: { ...backend.probe, ...(intervalMs === undefined ? {} : { intervalMs }) },
  }));
  const directors = manyDirectors(
    1,
    { kind: 'round_robin' },
    declared.map(({ name }) => name),
  );
  const config = {
    backends: declared,
    directors,
    saintmodes: [],
    defaultTarget: 'd0',
    hooks: { recv: () => 'pass' },
    file: undefined,
  };
  const world = new World({ seed: 1 });
  await world.boot({ config, backends: declared });
  const messagesBefore = messagesSoFar(world, declared[0]);
  const before = process.cpuUsage();
  const began = performance.now();
  const start = world.clock.now();
  const every = perSecond === 0 ? Number.POSITIVE_INFINITY : 1_000 / perSecond;
  let requests = 0;
  let answered = 0;
  while (world.clock.now() < start + ms) {
    const next = start + Math.min(ms, requests * every);
    await world.runUntil(perSecond === 0 ? Math.min(start + ms, world.clock.now() + STEP_MS) : next);
    if (perSecond === 0) continue;
    requests++;
    const exchange = world.request({
      method: 'GET',
      url: '/',
      fields: ['Host', 'example.com'],
      client: '192.0.2.9',
    });
    exchange.onOver = () => {
      if (exchange.status === 200) answered++;
    };
  }
  const { user, system } = process.cpuUsage(before);
  const wallSeconds = (performance.now() - began) / 1_000;
  const total = messagesSoFar(world, declared[0]) - messagesBefore;
  await world.runUntil(world.clock.now() + STEP_MS);
  if (answered !== requests)
    throw new Error(`${requests - answered} of ${requests} requests were not answered`);
  world.close();
  const name = `${count} backend${count === 1 ? '' : 's'}${perSecond === 0 ? '' : `, ${perSecond} requests/s`}`;
  return { name, ms, messages: total, requests, cpuSeconds: (user + system) / 1e6, wallSeconds };
}

/** Messages on the bus are numbered; an order that changes nothing makes one to be seen. */
function messagesSoFar({ control }, { identity }) {
  let seen = 0;
  const watching = control.messages$.subscribe(({ seq }) => {
    seen = seq;
  });
  control.setHealth(identity, 'auto');
  watching.unsubscribe();
  return seen;
}
