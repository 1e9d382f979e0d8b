/**
 * Targets without any cleverness: every answer is worked out anew from declarations, health and the saint
 * list, in loops over whole lists. What src/proxy/directors/ is held against.
 */
import type { DirectorDeclaration, SaintmodeDeclaration } from '../../src/config/declaration.ts';
import type { Identity } from '../../src/identity.ts';
import type { PickRequest } from '../../src/proxy/directors/policy.ts';
import { naiveOrder, naiveShardPick } from './naive-shard.ts';
import { resolvedBackend } from './resolved-backend.ts';

interface NaiveDirector {
  readonly declaration: DirectorDeclaration;
  readonly members: { target: string; weight: number }[];
  cursor: number;
}

export class NaiveTargets {
  readonly healthy = new Set<string>();
  readonly directors: Map<string, NaiveDirector>;
  readonly saintmodes: Map<string, SaintmodeDeclaration>;
  /** Asked for the number of entries of an identity. */
  readonly count: (identity: Identity) => number;

  constructor(
    directors: readonly DirectorDeclaration[],
    saintmodes: readonly SaintmodeDeclaration[],
    count: (identity: Identity) => number,
  ) {
    this.directors = new Map(
      directors.map((d) => [d.name, { declaration: d, members: [...d.members], cursor: 0 }]),
    );
    this.saintmodes = new Map(saintmodes.map((saintmode) => [saintmode.name, saintmode]));
    this.count = count;
  }

  accepts(name: string, denied: ReadonlySet<string> | undefined): boolean {
    const director = this.directors.get(name);
    if (director !== undefined) {
      return director.members.some(
        (m) => (!isWeighted(director) || m.weight > 0) && this.accepts(m.target, denied),
      );
    }
    const saintmode = this.saintmodes.get(name);
    if (saintmode === undefined) return this.healthy.has(name);
    const { identity } = resolvedBackend(saintmode.backend);
    const ignoresList = saintmode.threshold === 0;
    const isListed = denied?.has(identity) ?? false;
    const isFull = this.count(identity) >= saintmode.threshold;
    return this.healthy.has(saintmode.backend) && (ignoresList || (!isListed && !isFull));
  }

  resolve(name: string, request: PickRequest): string | undefined {
    const director = this.directors.get(name);
    if (director === undefined) {
      if (!this.accepts(name, request.denied)) return undefined;
      return this.saintmodes.get(name)?.backend ?? name;
    }
    const target = this.#pick(director, request);
    return target === undefined ? undefined : this.resolve(target, request);
  }

  contains(outer: string, inner: string): boolean {
    if (outer === inner) return true;
    return this.directors.get(outer)?.members.some((member) => this.contains(member.target, inner)) ?? false;
  }

  remove(name: string, target: string): void {
    const director = this.directors.get(name);
    const at = director?.members.findIndex((member) => member.target === target) ?? -1;
    if (director === undefined || at < 0) return;
    director.members.splice(at, 1);
    if (director.declaration.policy.kind === 'shard') this.remove(name, target);
    if (director.declaration.policy.kind !== 'fallback') return;
    if (at < director.cursor) director.cursor--;
    if (director.cursor === director.members.length) director.cursor = 0;
  }

  #pick(director: NaiveDirector, request: PickRequest): string | undefined {
    const { members, declaration } = director;
    const { policy } = declaration;
    const accepted = members.map((member) => this.accepts(member.target, request.denied));
    switch (policy.kind) {
      case 'round_robin':
        for (let i = 0; i < members.length; i++) {
          const at = director.cursor < members.length ? director.cursor : 0;
          director.cursor = (at + 1) % members.length;
          if (accepted[at]) return members[at]?.target;
        }
        return undefined;
      case 'fallback':
        if (!policy.sticky) director.cursor = 0;
        for (let i = 0; i < members.length; i++) {
          if (accepted[director.cursor]) return members[director.cursor]?.target;
          director.cursor = (director.cursor + 1) % members.length;
        }
        return undefined;
      case 'random':
        return byWeight(members, accepted, request.random());
      case 'hash':
        return byWeight(members, accepted, Buffer.from(request.key()).readUInt32LE(28) / 2 ** 32);
      case 'shard': {
        const entries = members.map(({ target, weight }) => ({ ident: target, weight }));
        const key = Buffer.from(request.key()).readUInt32BE(0);
        const order = naiveOrder(entries, policy.replicas, key);
        const picked = naiveShardPick(order, (at) => accepted[at] ?? false, policy.choice);
        return picked === undefined ? undefined : members[picked]?.target;
      }
      case 'least_connections':
      case 'peak_ewma':
        throw new Error(`${policy.kind} is held against an oracle of its own`);
      default:
        return policy satisfies never;
    }
  }
}

function isWeighted({ declaration }: NaiveDirector): boolean {
  return declaration.policy.kind === 'random' || declaration.policy.kind === 'hash';
}

function byWeight(members: NaiveDirector['members'], accepted: readonly boolean[], share: number) {
  let total = 0;
  for (const [at, member] of members.entries()) if (accepted[at]) total += member.weight;
  let sum = 0;
  for (const [at, member] of members.entries()) {
    if (!accepted[at]) continue;
    sum += member.weight;
    if (share * total < sum) return member.target;
  }
  return undefined;
}
