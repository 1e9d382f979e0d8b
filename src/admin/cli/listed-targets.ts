/**
 * What `backend.list` lists: of each config its backends, then its directors and saintmode objects, under the names
 * that varnishd gives them, `boot.b1`.
 */
import type { DirectorContext } from '../../actors/director.ts';
import type { PollerContext } from '../../actors/poller.ts';
import { targetTopic } from '../../actors/topic.ts';
import {
  type DirectorDeclaration,
  type MemberDeclaration,
  type ResolvedBackend,
  sharesByWeight,
} from '../../config/declaration.ts';
import type { ShardDeclaration } from '../../config/shard-declaration.ts';
import { isUsable, type Snapshot } from '../../snapshot.ts';
import type { ControlPlane } from '../../streams/control-plane.ts';
import { matchesGlob } from '../glob.ts';
import { backendsNamed, type LoadedConfigView, loadedConfigs } from '../http/show/known-backends.ts';

export interface ListedMember {
  readonly name: string;
  readonly weight: number;
  readonly isHealthy: boolean;
  /** What a shard director tells it apart by. */
  readonly ident: string;
  /** Milliseconds after becoming healthy in which it gets less; undefined: as its director has it. */
  readonly rampupMs: number | undefined;
  /** Seconds since 1970; undefined: not known. */
  readonly changedAt: number | undefined;
}

interface Listed {
  /** With the config's name in front. */
  readonly name: string;
  /** How health is determined: `healthy`, `sick`, `drain` by an operator; else `probe`, or `healthy` without one. */
  readonly admin: string;
  readonly isHealthy: boolean;
  /** Of how many checks, or members, how many were good. */
  readonly good: number;
  readonly total: number;
  /** Seconds since 1970; undefined: not known. */
  readonly changedAt: number | undefined;
}

interface ListedBackend extends Listed {
  readonly kind: 'backend';
  readonly backend: ResolvedBackend;
  /** undefined: it is not probed. */
  readonly poller: PollerContext | undefined;
}

interface ListedDirector extends Listed {
  readonly kind: 'director';
  readonly type: string;
  readonly members: readonly ListedMember[];
  readonly isWeighted: boolean;
  /** undefined: it is no shard director. */
  readonly shard: ShardDeclaration | undefined;
}

export type ListedTarget = ListedBackend | ListedDirector;

/**
 * @param pattern undefined, or as varnish-cli(7) has it: `b*` in the active config, `boot.b*`, `*.*`; or with
 *   brackets, as identity-pattern.ts has it, and then all declarations of these identities
 * @throws TroupeError `command.unknown-backend`
 */
export function listedTargets(
  control: ControlPlane,
  wall: (at: number) => number,
  pattern: string | undefined,
): readonly ListedTarget[] {
  const configs = loadedConfigs(control).filter(({ description }) => description !== undefined);
  const list = new Listing(control, wall);
  if (pattern?.includes('(') === true) {
    const identities = new Set<string>(backendsNamed(control, pattern).map(({ identity }) => identity));
    return configs
      .flatMap((config) => list.backends(config))
      .filter(({ backend }) => identities.has(backend.identity));
  }
  const ofAll = pattern?.includes('.') === true;
  const glob = pattern === undefined || pattern === '' ? '*' : pattern;
  return configs
    .filter(({ state }) => ofAll || state === 'active')
    .flatMap((config) =>
      [...list.backends(config), ...list.others(config)].filter(({ name }) =>
        matchesGlob(ofAll ? glob : `${config.name}.${glob}`, name),
      ),
    );
}

class Listing {
  readonly #control: ControlPlane;
  readonly #wall: (at: number) => number;
  readonly #snapshot: Snapshot;

  constructor(control: ControlPlane, wall: (at: number) => number) {
    this.#control = control;
    this.#wall = wall;
    this.#snapshot = control.snapshot();
  }

  backends({ name, description }: LoadedConfigView): ListedBackend[] {
    return (description?.backends ?? []).map((backend) => {
      const { identity, probe } = backend;
      const health = this.#snapshot.health.get(identity);
      const override = health?.override ?? 'auto';
      const auto = probe === undefined ? 'healthy' : 'probe';
      const poller: PollerContext | undefined =
        probe === undefined ? undefined : this.#control.registry.snapshot('poller', identity)?.context;
      return {
        kind: 'backend',
        name: `${name}.${backend.name}`,
        backend,
        admin: override === 'auto' ? auto : override,
        isHealthy: probe === undefined || health?.passing === true,
        good: poller?.conclusion?.good ?? 0,
        total: probe?.window ?? 0,
        changedAt: health?.changedAt === undefined ? undefined : this.#wall(health.changedAt) / 1_000,
        poller,
      };
    });
  }

  others(config: LoadedConfigView): ListedDirector[] {
    const { name, description } = config;
    const directors = (description?.directors ?? []).map((director) => this.#director(config, director));
    const saintmodes = (description?.saintmodes ?? []).map((saintmode): ListedDirector => {
      return {
        kind: 'director',
        type: 'saintmode',
        name: `${name}.${saintmode.name}`,
        admin: 'probe',
        isHealthy: this.#isHealthy(config, saintmode.name),
        good: 0,
        total: 0,
        changedAt: this.#changedAt(config, [saintmode.backend]),
        members: [this.#member(config, { target: saintmode.backend, weight: 1 })],
        isWeighted: false,
        shard: undefined,
      };
    });
    return [...directors, ...saintmodes];
  }

  #director(
    config: LoadedConfigView,
    { name, policy, members: declared }: DirectorDeclaration,
  ): ListedDirector {
    const context: DirectorContext | undefined = this.#control.registry.snapshot(
      'director',
      targetTopic(config.key, name),
    )?.context;
    const members = (context?.members ?? declared).map((member) => this.#member(config, member));
    return {
      kind: 'director',
      type: policy.kind.replaceAll('_', '-'),
      name: `${config.name}.${name}`,
      admin: 'probe',
      isHealthy: members.some(({ isHealthy }) => isHealthy),
      good: members.filter(({ isHealthy }) => isHealthy).length,
      total: members.length,
      changedAt: this.#changedAt(
        config,
        members.map((member) => member.name),
      ),
      members,
      isWeighted: sharesByWeight(policy),
      shard: policy.kind === 'shard' ? policy : undefined,
    };
  }

  #member(
    config: LoadedConfigView,
    { target, weight, ident = target, rampupMs }: MemberDeclaration,
  ): ListedMember {
    const isHealthy = this.#isHealthy(config, target);
    return {
      name: target,
      weight,
      isHealthy,
      ident,
      rampupMs,
      changedAt: this.#changedAt(config, [target]),
    };
  }

  /** The latest change among the backends that are members. */
  #changedAt({ description }: LoadedConfigView, names: readonly string[]): number | undefined {
    let latest: number | undefined;
    for (const { name, identity } of description?.backends ?? []) {
      const at = names.includes(name) ? this.#snapshot.health.get(identity)?.changedAt : undefined;
      if (at !== undefined && (latest === undefined || at > latest)) latest = at;
    }
    return latest === undefined ? undefined : this.#wall(latest) / 1_000;
  }

  #isHealthy({ key, description }: LoadedConfigView, target: string): boolean {
    const backend = description?.backends.find(({ name }) => name === target);
    if (backend !== undefined) {
      return isUsable(this.#snapshot.health.get(backend.identity), backend.probe !== undefined);
    }
    const { registry } = this.#control;
    const topic = targetTopic(key, target);
    const actor = registry.snapshot('director', topic) ?? registry.snapshot('saintmode', topic);
    return actor?.value === 'healthy';
  }
}
