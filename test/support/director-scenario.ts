/**
 * A story that happens to directors: picks, backends that go sick and return, members that come and go.
 * Plain data, so that varnishd and Troupe can both play it, now or when it was recorded.
 */

import { SaintList } from '../../src/compact/saint-list.ts';
import type {
  DirectorDeclaration,
  MemberDeclaration,
  PolicyDeclaration,
} from '../../src/config/declaration.ts';
import { createTargetGraph } from '../../src/proxy/directors/target-graph.ts';
import type { PolledHealth } from '../../src/snapshot.ts';
import { integer, oneOf } from './draw.ts';
import { resolvedBackend } from './resolved-backend.ts';
import { varnishRandom } from './varnish-random.ts';

type Step =
  | { readonly type: 'pick'; readonly director: string; readonly times: number }
  | { readonly type: 'health'; readonly backend: string; readonly healthy: boolean }
  | { readonly type: 'add'; readonly director: string; readonly target: string; readonly weight: number }
  | { readonly type: 'remove'; readonly director: string; readonly target: string };

export interface Scenario {
  readonly backends: readonly string[];
  /** A director's members stand before it in this list. */
  readonly directors: readonly DirectorDeclaration[];
  /** Of the numbers that random directors draw. */
  readonly seed: number;
  readonly steps: readonly Step[];
}

/**
 * A scenario in which varnishd's behaviour is defined: after a removal from a round robin its cursor may
 * point past the list, so another member is added before the next pick; and a nested random director has
 * no member of weight 0, because varnishd sends requests into one that cannot pick (Troupe does not).
 *
 * @param prefix of all names
 */
export function randomScenario(random: () => number, prefix: string): Scenario {
  const backends = Array.from({ length: integer(random, 1, 7) }, (_, i) => `${prefix}b${i}`);
  const directors: DirectorDeclaration[] = [];
  for (let i = integer(random, 0, 3); i >= 0; i--) {
    const policy = randomPolicy(random);
    const targets = [...backends, ...directors.map((director) => director.name)];
    const members = Array.from({ length: integer(random, 0, 6) }, () =>
      randomMember(random, targets, i === 0),
    );
    directors.push({ name: `${prefix}d${directors.length}`, policy, members });
  }
  const steps: Step[] = [];
  for (let i = integer(random, 5, 25); i > 0; i--) steps.push(...randomSteps(random, backends, directors));
  return { backends, directors, seed: integer(random, 1, 0x7fff_ffff), steps };
}

function randomPolicy(random: () => number): PolicyDeclaration {
  const sticky = { kind: 'fallback', sticky: true } as const;
  const first = { kind: 'fallback', sticky: false } as const;
  return oneOf<PolicyDeclaration>(random, [{ kind: 'round_robin' }, first, sticky, { kind: 'random' }]);
}

/** Weights as VCL can spell them: three decimals. */
function randomMember(
  random: () => number,
  targets: readonly string[],
  canBeZero: boolean,
): MemberDeclaration {
  const weight = oneOf(random, [1, 10, integer(random, 1, 5_000) / 1_000, canBeZero ? 0 : 2.5]);
  return { target: targets[integer(random, 0, targets.length - 1)] as string, weight };
}

function randomSteps(
  random: () => number,
  backends: readonly string[],
  directors: readonly DirectorDeclaration[],
): readonly Step[] {
  const level = integer(random, 0, directors.length - 1);
  const { name: director, policy } = directors[level] as DirectorDeclaration;
  const targets = [...backends, ...directors.slice(0, level).map((inner) => inner.name)];
  const member = randomMember(random, targets, level === directors.length - 1);
  const add: Step = { type: 'add', director, ...member };
  const target = targets[integer(random, 0, targets.length - 1)] as string;
  const remove: Step = { type: 'remove', director, target };
  const backend = backends[integer(random, 0, backends.length - 1)] as string;
  const pick: Step = { type: 'pick', director, times: integer(random, 1, 8) };
  const change = oneOf<readonly Step[]>(random, [
    [{ type: 'health', backend, healthy: random() < 0.5 }],
    [{ type: 'health', backend, healthy: random() < 0.5 }],
    [add],
    policy.kind === 'round_robin' ? [remove, add] : [remove],
  ]);
  return [...change, pick];
}

/** What Troupe picks in a scenario, in order: names of backends, '' for none. */
export function playOnTroupe(scenario: Scenario): string[] {
  const graph = createTargetGraph({
    backends: scenario.backends.map((name) => resolvedBackend(name)),
    directors: scenario.directors,
    saintmodes: [],
    saints: new SaintList(),
    now: () => 0,
  });
  const request = { denied: undefined, key: () => new Uint8Array(32), random: varnishRandom(scenario.seed) };
  const polled: PolledHealth = 'unprobed';
  const picks: string[] = [];
  for (const step of scenario.steps) {
    switch (step.type) {
      case 'pick':
        for (let i = 0; i < step.times; i++) {
          picks.push(graph.get(step.director)?.resolve(request)?.name ?? '');
        }
        break;
      case 'health': {
        const override = step.healthy ? 'healthy' : 'sick';
        graph.setHealth(resolvedBackend(step.backend).identity, { polled, passing: false, override });
        break;
      }
      case 'add':
        graph.addMember(step.director, step.target, step.weight);
        break;
      case 'remove':
        graph.removeMember(step.director, step.target);
        break;
      default:
        step satisfies never;
    }
  }
  return picks;
}
