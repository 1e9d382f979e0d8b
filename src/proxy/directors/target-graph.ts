/**
 * All targets of one loaded config, and what happens to them: health from snapshots, members that request
 * code adds and removes, counts from the saint list. Cost of a change: only what it touches.
 */
import type { SaintList } from '../../compact/saint-list.ts';
import type {
  DirectorDeclaration,
  FetchLimits,
  MemberDeclaration,
  ResolvedBackend,
  SaintmodeDeclaration,
} from '../../config/declaration.ts';
import { type Place, TroupeError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { BackendHealth } from '../../snapshot.ts';
import { BackendNode } from './backend-target.ts';
import { findWay } from './cycle.ts';
import { DirectorNode } from './director-target.ts';
import type { PickRequest } from './policy.ts';
import { createRule } from './rule.ts';
import { SaintmodeNode } from './saintmode-target.ts';
import { createShardControl, memberMistake, type ShardControl } from './shard/shard-control.ts';
import { ShardNode } from './shard/shard-node.ts';
import { ShardParams } from './shard/shard-params.ts';
import type { BackendTarget, Target } from './target.ts';
import type { TargetNode } from './target-node.ts';

export interface TargetGraphInput {
  readonly backends: readonly ResolvedBackend[];
  readonly directors: readonly DirectorDeclaration[];
  readonly saintmodes: readonly SaintmodeDeclaration[];
  /** The data plane's, shared by all configs. */
  readonly saints: SaintList;
  /** Milliseconds of the data plane's clock. Not asked where nothing depends on time. */
  readonly now: () => number;
}

export interface TargetGraph {
  /** The backend, director or saintmode object of that name. */
  get(name: string): Target | undefined;
  backend(name: string): BackendTarget | undefined;
  /** @param health undefined: the control plane does not know the identity (any more) */
  setHealth(identity: Identity, health: BackendHealth | undefined): void;
  /** Adds a member at the end; a target that is a member already is one twice. VCL: `add_backend()`. */
  addMember(director: string, target: string, weight: number): TroupeError | undefined;
  /**
   * Removes the first entry of a target, or, of a shard director, all of them; no error if it is no member. VCL:
   * `remove_backend()`.
   */
  removeMember(director: string, target: string): TroupeError | undefined;
  /** What only shard directors can do; undefined: there is no shard director of that name. */
  shard(director: string): ShardControl | undefined;
  /** Changes what fetches from a backend may take, from the next one on. */
  limit(backend: string, limits: FetchLimits): void;
  /** The member that a director picks, which may be a director; undefined: none, or there is no such director. */
  pick(director: string, request: PickRequest): Target | undefined;
  /** The parameter sets of shard directors. */
  readonly shardParams: ShardParams;
  /**
   * Does ahead of time what the next picks would have to do first.
   *
   * @param isLate whether to stop for now
   * @returns whether there is nothing left to do
   */
  prepare(isLate: () => boolean): boolean;
  /** The directors with the members that they have now. */
  describeMembers(): readonly DirectorDeclaration[];
  /** Whether a saintmode object of this config wraps the identity, so that denying it has an effect. */
  hasSaintmode(identity: Identity): boolean;
  /** Objects that are denied to the backend of a saintmode object now. */
  saintCount(saintmode: string): number | TroupeError;
  /** Leaves the saint list; for when the config ends. */
  close(): void;
}

/**
 * @throws TroupeError `config.invalid`: a name that is unknown or taken, a weight below 0, or directors that
 *   contain each other
 */
export function createTargetGraph(input: TargetGraphInput): TargetGraph {
  const { saints, now } = input;
  const nodes = new Map<string, TargetNode>();
  const backends = new Map<Identity, BackendNode>();
  const saintmodes = new Map<Identity, SaintmodeNode[]>();
  const shards = new Map<string, ShardNode>();
  const shardParams = new ShardParams();

  function enter<Node extends TargetNode>(node: Node, place: Place | undefined): Node {
    if (nodes.has(node.name)) {
      throw invalid(
        `${node.name}: the name is taken by another backend, director or saintmode object`,
        place,
      );
    }
    nodes.set(node.name, node);
    return node;
  }

  function directorNamed(name: string): DirectorNode | undefined {
    const node = nodes.get(name);
    return node instanceof DirectorNode ? node : undefined;
  }

  function backendNamed(name: string): BackendNode | undefined {
    const node = nodes.get(name);
    return node instanceof BackendNode ? node : undefined;
  }

  function addMember(director: string, member: MemberDeclaration, place?: Place): TroupeError | undefined {
    const node = directorNamed(director);
    if (node === undefined) return unknownDirector(director);
    const target = nodes.get(member.target);
    if (target === undefined) return unknownMember(director, member.target, place);
    if (!(member.weight >= 0 && member.weight < Number.POSITIVE_INFINITY)) {
      const message = `director ${director}: weight of ${member.target} is ${member.weight}; use a number from 0`;
      return invalid(message, place);
    }
    const cycle = cycleWith(node, target);
    if (cycle !== undefined) return invalid(`director ${director}: ${cycle}`, place);
    if (node instanceof ShardNode) {
      const mistake = memberMistake(member);
      if (mistake !== undefined) return invalid(`director ${director}: ${member.target}: ${mistake}`, place);
      node.add(target, member.weight, member);
    } else {
      node.add(target, member.weight);
    }
    return undefined;
  }

  function nodeFor(declaration: DirectorDeclaration): DirectorNode {
    const { policy } = declaration;
    if (policy.kind !== 'shard') return new DirectorNode(declaration, createRule(policy, now), now);
    return new ShardNode(declaration, policy, shardParams, now);
  }

  for (const declaration of input.backends) {
    const node = enter(new BackendNode(declaration), declaration.place);
    backends.set(node.identity, node);
  }
  for (const { name, backend: wrapped, threshold, place } of input.saintmodes) {
    const backend = backendNamed(wrapped);
    if (backend === undefined) {
      throw invalid(
        `saintmode ${name}: there is no backend ${wrapped}; declare it, or correct the name`,
        place,
      );
    }
    const node = enter(new SaintmodeNode(name, backend, threshold), place);
    node.setCount(saints.count(backend.identity, now()));
    saintmodes.set(backend.identity, [...(saintmodes.get(backend.identity) ?? []), node]);
  }
  for (const declaration of input.directors) {
    const node = enter(nodeFor(declaration), declaration.place);
    if (node instanceof ShardNode) shards.set(node.name, node);
  }
  for (const { name, members, place } of input.directors) {
    for (const member of members) {
      const error = addMember(name, member, place);
      if (error !== undefined) throw error;
    }
  }

  /** Thresholds depend on time. Between two deadlines, or with nothing listed, this is one comparison. */
  function sweep(): void {
    const deadline = saints.nextDeadline();
    if (deadline === undefined) return;
    const at = now();
    if (deadline <= at) saints.expire(at);
  }

  const entrances = new Map<string, Target>();
  for (const [name, node] of nodes) {
    const isTimeless = node instanceof BackendNode || saintmodes.size === 0;
    entrances.set(name, isTimeless ? node : sweptBefore(node, sweep));
  }

  const leaveSaints = saints.onCountChanged((identity, count) => {
    for (const node of saintmodes.get(identity) ?? []) node.setCount(count);
  });

  return {
    get: (name) => entrances.get(name),
    backend: backendNamed,

    limit(name, limits) {
      const backend = backendNamed(name);
      if (backend !== undefined) backend.limits = limits;
    },

    setHealth: (identity, health) => backends.get(identity)?.setHealth(health),
    addMember: (director, target, weight) => addMember(director, { target, weight }),

    removeMember(director, target) {
      const node = directorNamed(director);
      if (node === undefined) return unknownDirector(director);
      const member = nodes.get(target);
      if (member === undefined) return unknownMember(director, target, undefined);
      node.remove(member);
      return undefined;
    },

    shard(director) {
      const node = shards.get(director);
      if (node === undefined) return undefined;
      const { pick, ...control } = createShardControl(node, (name) => {
        const target = nodes.get(name);
        if (target === undefined) return unknownTarget(name);
        return cycleWith(node, target) ?? target;
      });
      return {
        ...control,
        pick(request) {
          sweep();
          return pick(request);
        },
      };
    },

    pick(director, request) {
      sweep();
      return directorNamed(director)?.pick(request);
    },

    shardParams,
    prepare: (isLate) => [...shards.values()].every((node) => node.prepare(isLate)),

    describeMembers() {
      return input.directors.map((declaration) => {
        const shard = shards.get(declaration.name);
        return shard === undefined
          ? { ...declaration, members: plainMembers(directorNamed(declaration.name)) }
          : { ...declaration, policy: shard.describePolicy(), members: shard.describe() };
      });
    },

    hasSaintmode: (identity) => saintmodes.has(identity),

    saintCount(saintmode) {
      const node = nodes.get(saintmode);
      if (!(node instanceof SaintmodeNode))
        return invalid(`there is no saintmode object ${saintmode}`, undefined);
      sweep();
      return node.count;
    },

    close: leaveSaints,
  };
}

function plainMembers(node: DirectorNode | undefined): readonly MemberDeclaration[] {
  return (node?.members ?? []).map(({ target, weight }) => ({ target: target.name, weight }));
}

/** What is wrong with a target as a member, if it leads back to the director. */
function cycleWith(node: DirectorNode, target: TargetNode): string | undefined {
  const way = findWay(target, node);
  if (way === undefined) return undefined;
  const cycle = [node.name, ...way].join(' > ');
  return `with ${target.name} as a member it would contain itself (${cycle}); remove one of these members`;
}

/** A target as seen from outside: what has expired leaves the saint list before each answer. */
function sweptBefore(node: TargetNode, sweep: () => void): Target {
  return {
    name: node.name,
    get healthy() {
      sweep();
      return node.healthy;
    },
    get changedAt() {
      sweep();
      return node.changedAt;
    },
    accepts(request) {
      sweep();
      return node.accepts(request);
    },
    resolve(request) {
      sweep();
      return node.resolve(request);
    },
    heeded: () => node.heeded(),
  };
}

function unknownDirector(name: string): TroupeError {
  return invalid(`there is no director ${name}; declare it, or correct the name`, undefined);
}

function unknownMember(director: string, name: string, place: Place | undefined): TroupeError {
  return invalid(`director ${director}: ${unknownTarget(name)}`, place);
}

function unknownTarget(name: string): string {
  return `there is no backend, director or saintmode object ${name}; declare it, or correct the name`;
}

function invalid(message: string, place: Place | undefined): TroupeError {
  return new TroupeError('config.invalid', message, { side: 'troupe', place });
}
