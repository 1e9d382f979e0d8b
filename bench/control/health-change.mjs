/** What it costs that one of many backends changes its health while many directors have it as a member. */
import { fromDist } from '../support/dist.mjs';
import { configOf, manyBackends, manyDirectors } from './configs.mjs';
import { loadInSimulation } from './simulation.mjs';

const { createSaintList } = await fromDist('proxy/directors/saint-list');
const { createTargetGraph } = await fromDist('proxy/directors/target-graph');

const request = { denied: undefined, key: () => new Uint8Array(32), random: Math.random };

/**
 * @param {{ identities: number, directors: number, changes: number }} size
 * @returns {Promise<{ orderUs: number[], firstPickUs: number[] }>} microseconds, of each change: from the
 *   operator's order until requests are routed by it; and the first pick of one director afterwards, which
 *   builds its table anew
 */
export async function measureHealthChange({ identities, directors, changes }) {
  const backends = manyBackends(identities, '/');
  const targets = backends.map(({ name }) => name);
  const config = configOf({
    backends,
    directors: manyDirectors(directors, { kind: 'round_robin' }, targets),
  });
  const { world } = await loadInSimulation(config);
  const graph = createTargetGraph({ ...config, saints: createSaintList(), now: () => 0 });
  for (const { identity } of backends)
    graph.setHealth(identity, world.control.snapshot().health.get(identity));

  const orderUs = [];
  const firstPickUs = [];
  for (let i = 0; i < changes; i++) {
    const { identity } = backends[(i >> 1) % identities];
    const override = i % 2 === 0 ? 'sick' : 'auto';
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
