/**
 * The directors of one config as trees, with health rolled up: as their actors have it, members that hooks added
 * or removed included. A director that is a member in several places is shown whole in the first of them.
 */
import type { DirectorContext, MemberKnown } from '../../../actors/director.ts';
import type { SaintmodeContext } from '../../../actors/saintmode.ts';
import { targetTopic } from '../../../actors/topic.ts';
import type {
  DirectorDeclaration,
  ResolvedBackend,
  SaintmodeDeclaration,
} from '../../../config/declaration.ts';
import { isUsable, type Snapshot } from '../../../snapshot.ts';
import type { ControlPlane } from '../../../streams/control-plane.ts';
import type { Director, Directors, Member, Saintmode } from '../schema/director-schema.ts';
import { activeConfig, configNamed, type LoadedConfigView } from './known-backends.ts';

/**
 * @param name of a loaded config; undefined: the one in use
 * @throws TroupeError `command.unknown-config`
 */
export function showDirectors(control: ControlPlane, name: string | undefined): Directors {
  const config = name === undefined ? activeConfig(control) : configNamed(control, name);
  if (config === undefined) return { directors: [], saintmodes: [] };
  return new Tree(control, config).show();
}

/** Names of a config's directors that have no healthy member, empty ones among them. */
export function sickDirectors(control: ControlPlane, { key, description }: LoadedConfigView): string[] {
  return (description?.directors ?? [])
    .map(({ name }) => name)
    .filter((name) => {
      const state = control.registry.snapshot('director', targetTopic(key, name))?.value;
      return state !== undefined && state !== 'healthy';
    });
}

class Tree {
  readonly #control: ControlPlane;
  readonly #config: LoadedConfigView;
  readonly #snapshot: Snapshot;
  readonly #backends: ReadonlyMap<string, ResolvedBackend>;
  readonly #directors: ReadonlyMap<string, DirectorDeclaration>;
  readonly #saintmodes: ReadonlyMap<string, SaintmodeDeclaration>;
  readonly #shown = new Set<string>();

  constructor(control: ControlPlane, config: LoadedConfigView) {
    this.#control = control;
    this.#config = config;
    this.#snapshot = control.snapshot();
    const { backends = [], directors = [], saintmodes = [] } = config.description ?? {};
    this.#backends = new Map(backends.map((one) => [one.name, one]));
    this.#directors = new Map(directors.map((one) => [one.name, one]));
    this.#saintmodes = new Map(saintmodes.map((one) => [one.name, one]));
  }

  show(): Directors {
    const { name, description } = this.#config;
    const contained = new Set<string>();
    for (const director of this.#directors.values()) {
      for (const { target } of this.#membersOf(director)) contained.add(target);
    }
    const roots = [...this.#directors.values()].filter((one) => !contained.has(one.name));
    const directors = roots.map((one) => this.#director(one));
    // Directors that contain each other in a circle have no root; each is shown all the same.
    const rest = [...this.#directors.values()].filter((one) => !this.#shown.has(one.name));
    for (const one of rest) if (!this.#shown.has(one.name)) directors.push(this.#director(one));
    const saintmodes = [...this.#saintmodes.values()]
      .filter((one) => !contained.has(one.name))
      .map((one) => this.#saintmode(one));
    const { defaultTarget } = description ?? {};
    return { config: name, ...(defaultTarget !== undefined && { defaultTarget }), directors, saintmodes };
  }

  #director(declaration: DirectorDeclaration): Director {
    const { name, policy } = declaration;
    const state = this.#actor('director', name)?.value as Director['state'];
    const shown: Director = { kind: 'director', name, policy: policy.kind };
    if (state !== undefined) Object.assign(shown, { state, isHealthy: state === 'healthy' });
    if (this.#shown.has(name)) return shown;
    this.#shown.add(name);
    shown.members = this.#membersOf(declaration).flatMap(({ target, weight, ident }) => {
      const member = this.#target(target);
      return member === undefined ? [] : { weight, ...(ident !== undefined && { ident }), target: member };
    });
    return shown;
  }

  #target(name: string): Member['target'] | undefined {
    const director = this.#directors.get(name);
    if (director !== undefined) return this.#director(director);
    const saintmode = this.#saintmodes.get(name);
    if (saintmode !== undefined) return this.#saintmode(saintmode);
    const backend = this.#backends.get(name);
    if (backend === undefined) return undefined;
    const { identity, probe } = backend;
    const isHealthy = isUsable(this.#snapshot.health.get(identity), probe !== undefined);
    const isKnown = this.#snapshot.health.has(identity);
    return { kind: 'backend', name, identity, ...(isKnown && { isHealthy }) };
  }

  #saintmode({ name, backend, threshold }: SaintmodeDeclaration): Saintmode {
    const actor = this.#actor('saintmode', name);
    const state = actor?.value as Saintmode['state'];
    const context: SaintmodeContext | undefined = actor?.context;
    const identity = context?.identity ?? this.#backends.get(backend)?.identity ?? backend;
    return {
      kind: 'saintmode',
      name,
      ...(state !== undefined && { state, isHealthy: state === 'healthy' }),
      backend: identity,
      threshold,
      entries: context?.entries ?? 0,
    };
  }

  #membersOf({ name, members }: DirectorDeclaration): readonly Omit<MemberKnown, 'backend'>[] {
    const context: DirectorContext | undefined = this.#actor('director', name)?.context;
    return context?.members ?? members;
  }

  #actor(kind: 'director' | 'saintmode', name: string) {
    return this.#control.registry.snapshot(kind, targetTopic(this.#config.key, name));
  }
}
