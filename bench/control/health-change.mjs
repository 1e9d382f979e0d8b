/** What it costs that backends fall sick, one after the other, and recover, while many directors have them as members. */
import { fromDist } from '../support/dist.mjs';
import { configOf, manyBackends, manyDirectors, shardPolicy } from './configs.mjs';
import { loadInSimulation } from './simulation.mjs';

const { SaintList } = await fromDist('compact/saint-list');
const { createTargetGraph } = await fromDist('proxy/directors/target-graph');

const request = { denied: undefined, key: () => new Uint8Array(32), random: Math.random };

/**
 * @param {{ identities: number, directors: number, kind: string, changes: number }} size kind: of the directors;
 *   half of the changes are falls, the other half recoveries
 * @returns {Promise<{ orderUs: number[], firstPickUs: number[] }>} microseconds, of each change: from the
 *   operator's order until requests are routed by it; and the first pick of one director afterwards, which
 *   builds its table anew
 */
export async function measureHealthChange({ identities, directors, kind, changes }) {
  const backends = manyBackends(identities, '/');
  const targets = backends.map(({ name }) => name);
  const config = configOf({
    backends,
    directors: manyDirectors(directors, kind === 'shard' ? shardPolicy() : { kind }, targets),
  });
  const { world } = await loadInSimulation(config);
  const graph = createTargetGraph({ ...config, saints: new SaintList(), now: () => 0 });
  for (const { identity } of backends)
    graph.setHealth(identity, world.control.snapshot().health.get(identity));

  const orderUs = [];
  const firstPickUs = [];
  for (let i = 0; i < changes; i++) {
    const isFall = i < changes / 2;
    const { identity } = backends[isFall ? i : changes - 1 - i];
    const override = isFall ? 'sick' : 'auto';
    const ordered = performance.now();
    world.control.setHealth(identity, override);
    orderUs.push(1000 * (performance.now() - ordered));

    graph.setHealth(identity, world.control.snapshot().health.get(identity));
    const picked = performance.now();
    graph.get('d0').resolve(request);
    firstPickUs.push(1000 * (performance.now() - picked));
  }
  world.control.close();
  return { orderUs, firstPickUs };
}
