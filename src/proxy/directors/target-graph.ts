/**
 * All targets of one loaded config, and what happens to them: health from snapshots, members that request
 * code adds and removes, counts from the saint list. Cost of a change: only what it touches.
 */
import type { SaintList } from '../../compact/saint-list.ts';
import type {
  DirectorDeclaration,
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
import { SaintmodeNode } from './saintmode-target.ts';
import type { BackendTarget, Target } from './target.ts';
import type { TargetNode } from './target-node.ts';

export interface TargetGraphInput {
  readonly backends: readonly ResolvedBackend[];
  readonly directors: readonly DirectorDeclaration[];
  readonly saintmodes: readonly SaintmodeDeclaration[];
  /** The data plane's, shared by all configs. */
  readonly saints: SaintList;
  /** Milliseconds of the data plane's clock. Only asked while something is on the saint list. */
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
  /** Removes the first entry of a target; no error if it is no member. VCL: `remove_backend()`. */
  removeMember(director: string, target: string): TroupeError | undefined;
  /** The directors with the members that they have now. */
  describeMembers(): readonly DirectorDeclaration[];
  /** Whether a saintmode object of this config wraps the identity, so that denying it has an effect. */
  hasSaintmode(identity: Identity): boolean;
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
    const way = findWay(target, node);
    if (way !== undefined) {
      const cycle = [director, ...way].join(' > ');
      const message = `director ${director}: with ${member.target} as a member it would contain itself (${cycle}); remove one of these members`;
      return invalid(message, place);
    }
    node.add(target, member.weight);
    return undefined;
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
  for (const declaration of input.directors) enter(new DirectorNode(declaration), declaration.place);
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

    describeMembers() {
      return input.directors.map((declaration) => ({
        ...declaration,
        members: (directorNamed(declaration.name)?.members ?? []).map(({ target, weight }) => ({
          target: target.name,
          weight,
        })),
      }));
    },

    hasSaintmode: (identity) => saintmodes.has(identity),
    close: leaveSaints,
  };
}

/** A target as seen from outside: what has expired leaves the saint list before each answer. */
function sweptBefore(node: TargetNode, sweep: () => void): Target {
  return {
    name: node.name,
    get healthy() {
      sweep();
      return node.healthy;
    },
    accepts(request) {
      sweep();
      return node.accepts(request);
    },
    resolve(request) {
      sweep();
      return node.resolve(request);
    },
  };
}

function unknownDirector(name: string): TroupeError {
  return invalid(`there is no director ${name}; declare it, or correct the name`, undefined);
}

function unknownMember(director: string, name: string, place: Place | undefined): TroupeError {
  return invalid(
    `director ${director}: there is no backend, director or saintmode object ${name}; declare it, or correct the name`,
    place,
  );
}

function invalid(message: string, place: Place | undefined): TroupeError {
  return new TroupeError('config.invalid', message, { side: 'troupe', place });
}
