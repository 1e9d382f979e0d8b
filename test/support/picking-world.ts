/** Directors over backends whose health, time and chance are given, and requests that begin and end. */
import { SaintList } from '../../src/compact/saint-list.ts';
import type {
  DirectorDeclaration,
  MemberDeclaration,
  SaintmodeDeclaration,
} from '../../src/config/declaration.ts';
import { Lease } from '../../src/proxy/directors/lease.ts';
import { createTargetGraph, type TargetGraph } from '../../src/proxy/directors/target-graph.ts';
import { seededRandom } from '../../src/simulation/seeded-random.ts';
import type { Override } from '../../src/snapshot.ts';
import { resolvedBackend } from './resolved-backend.ts';

export interface PickingWorldConfig {
  readonly backends: readonly string[];
  readonly directors: readonly DirectorDeclaration[];
  readonly saintmodes?: readonly SaintmodeDeclaration[];
  readonly seed?: number;
}

/** A request under way. */
export interface Running {
  readonly name: string;
  readonly lease: Lease;
  readonly panic: readonly string[];
}

export class PickingWorld {
  /** Milliseconds. */
  now = 0;
  readonly saints = new SaintList();
  readonly graph: TargetGraph;
  readonly random: () => number;

  constructor({ backends, directors, saintmodes = [], seed = 1 }: PickingWorldConfig) {
    this.random = seededRandom(seed);
    this.graph = createTargetGraph({
      backends: backends.map((name) => resolvedBackend(name, { probed: true })),
      directors,
      saintmodes,
      saints: this.saints,
      now: () => this.now,
    });
  }

  setHealth(name: string, passing: boolean, override: Override = 'auto'): void {
    const polled = passing ? 'healthy' : 'sick';
    const { identity } = resolvedBackend(name);
    this.graph.setHealth(identity, { polled, passing, override, changedAt: this.now });
  }

  deny(name: string, object: string, ms: number): void {
    this.saints.deny(resolvedBackend(name).identity, object, this.now + ms);
  }

  /** Begins a request; undefined: nobody can be asked. */
  begin(target: string, object?: string): Running | undefined {
    const lease = new Lease();
    const panic: string[] = [];
    const backend = this.graph.get(target)?.resolve({
      denied: object === undefined ? undefined : this.saints.deniedFor(object, this.now),
      key: () => new Uint8Array(32),
      random: this.random,
      hold: (load) => lease.hold(load),
      panicked: (name) => panic.push(name),
    });
    return backend === undefined ? undefined : { name: backend.name, lease, panic };
  }

  /** Whom one request asks that is over at once. */
  ask(target: string, object?: string): string | undefined {
    const running = this.begin(target, object);
    running?.lease.release();
    return running?.name;
  }

  /** So many requests, each over before the next. Returns how often each backend was asked. */
  shares(target: string, count: number, answerMs?: (name: string) => number): Record<string, number> {
    const shares: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const running = this.begin(target);
      const name = running?.name ?? 'none';
      shares[name] = (shares[name] ?? 0) + 1;
      if (answerMs !== undefined) running?.lease.answered(answerMs(name));
      running?.lease.release();
    }
    return shares;
  }
}

export function director(
  name: string,
  policy: DirectorDeclaration['policy'],
  members: readonly (string | MemberDeclaration)[],
  options: Pick<DirectorDeclaration, 'slowStartMs' | 'panicThreshold'> = {},
): DirectorDeclaration {
  const list = members.map((one) => (typeof one === 'string' ? { target: one, weight: 1 } : one));
  return { name, policy, members: list, ...options };
}
