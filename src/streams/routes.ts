/**
 * The routing table: which messages reach which actor, effect or listener. It is data, read top to bottom,
 * and the topology chart is drawn from it. Delivery is by address; nobody filters a stream of everything.
 */
import type { BackendCommand, BackendEmitted } from '../actors/backend.ts';
import type { ConfigEmitted, ConfigReply, LoadFailure } from '../actors/config.ts';
import type { DirectorEmitted, MemberKnown } from '../actors/director.ts';
import type { PeerPoolEmitted } from '../actors/peer-pool.ts';
import type { PeerWorkerEmitted } from '../actors/peer-worker.ts';
import type { PollerEmitted, ProbeReply } from '../actors/poller.ts';
import type { SaintmodeEmitted } from '../actors/saintmode.ts';
import type { SupervisorCommand, SupervisorEmitted } from '../actors/supervisor.ts';
import { targetTopic } from '../actors/topic.ts';
import type { ConfigDescription } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { PeerFact } from '../facts.ts';
import type { Identity } from '../identity.ts';
import type { SaintsSpoken } from './saints.ts';
import type { MembersHealth } from './tallies.ts';

export type ActorKind =
  | 'supervisor'
  | 'config'
  | 'backend'
  | 'poller'
  | 'director'
  | 'saintmode'
  | 'peerPool'
  | 'peerWorker';

/** What is no actor, but receives messages: there is one of each. */
export type Receiver =
  | 'operator'
  | 'loader'
  | 'planes'
  | 'probes'
  | 'slices'
  | 'publisher'
  | 'topics'
  | 'tallies'
  | 'saints';

/** What data planes tell, once the control plane has put their facts into its own words. */
export type PlaneReport =
  | {
      readonly type: 'member.added';
      readonly config: ConfigKey;
      readonly director: string;
      readonly member: MemberKnown;
    }
  | {
      readonly type: 'member.removed';
      readonly config: ConfigKey;
      readonly director: string;
      readonly target: string;
      readonly ident?: string;
    }
  | {
      readonly type: 'saint.denied';
      readonly identity: Identity;
      readonly object: string;
      readonly deadline: number;
      readonly at: number;
    }
  | PeerFact
  | { readonly type: 'config.drained'; readonly config: ConfigKey }
  | { readonly type: 'connections.closed'; readonly identity: Identity };

/** Who says what. */
export interface Spoken {
  supervisor: SupervisorEmitted;
  config: ConfigEmitted;
  backend: BackendEmitted;
  poller: PollerEmitted;
  director: DirectorEmitted;
  saintmode: SaintmodeEmitted;
  peerPool: PeerPoolEmitted;
  peerWorker: PeerWorkerEmitted;
  saints: SaintsSpoken;
  operator:
    | SupervisorCommand
    | (BackendCommand & { readonly type: 'backend.set-health' })
    /** No object: all of the identity's; no identity: everybody's. */
    | {
        readonly type: 'saint.lift';
        readonly identity?: Identity | undefined;
        readonly object?: string | undefined;
      };
  loader:
    | { readonly type: 'config.loaded'; readonly key: ConfigKey; readonly description: ConfigDescription }
    | { readonly type: 'config.load-failed'; readonly key: ConfigKey; readonly failure: LoadFailure };
  planes: PlaneReport;
  probes: ProbeReply;
  slices: ConfigReply & { readonly type: 'slice.granted' };
  tallies: MembersHealth;
  /** What was last said under the topics that an actor has just followed. */
  topics: { readonly type: 'topic.retained'; readonly said: readonly TopicSpoken[] };
  registry: /** To an actor that failed and was put back into its last good state. */
    | { readonly type: 'actor.restored'; readonly at: number }
    /** After all that the actor had said. */
    | { readonly type: 'actor.ended'; readonly kind: ActorKind; readonly id: string };
}

/** What is said under topics, and so retained. */
export type TopicSpoken =
  | Extract<BackendEmitted, { type: 'backend.health' }>
  | Extract<SaintsSpoken, { type: 'saint.count' }>;

export type Speaker = keyof Spoken;

/** One row. An event may stand in several rows; they are served in the table's order. */
export interface Route {
  readonly from: Speaker;
  readonly event: string;
  readonly to: ActorKind | Receiver;
  /** For an actor: which one of its kind. */
  readonly id?: (event: never) => string;
  /** For actors: all that follow this topic, in place of one. */
  readonly topic?: (event: never) => string;
  /** The actor is created with this input if there is none of that id. */
  readonly creates?: (event: never) => unknown;
  /** The event only creates: the actor does not hear it. */
  readonly silent?: true;
  /** The actor hears the event with the time, `at`. */
  readonly stamped?: true;
  /** It answers one question, and goes to the very actor that asked. */
  readonly reply?: true;
}

type Event<S extends Speaker, T extends Spoken[S]['type']> = Extract<Spoken[S], { readonly type: T }>;

function route<S extends Speaker, T extends Spoken[S]['type']>(
  from: S,
  event: T,
  to: ActorKind | Receiver,
  more: {
    readonly id?: (event: Event<S, T>) => string;
    readonly topic?: (event: Event<S, T>) => string;
    readonly creates?: (event: Event<S, T>) => unknown;
    readonly silent?: true;
    readonly stamped?: true;
    readonly reply?: true;
  } = {},
): Route {
  return { from, event, to, ...more } as Route;
}

/** The supervisor is one: its id. */
export const SUPERVISOR = 'supervisor';

const supervisor = { id: () => SUPERVISOR };
const byKey = { id: (event: { key: ConfigKey }) => event.key };
const byConfig = { id: (event: { config: ConfigKey }) => event.config };
const byIdentity = { id: (event: { identity: Identity }) => event.identity };
const byName = { id: (event: { config: ConfigKey; name: string }) => targetTopic(event.config, event.name) };
const byDirector = {
  id: (event: { config: ConfigKey; director: string }) => targetTopic(event.config, event.director),
};

const byPeer = {
  id: (event: { config: ConfigKey; peer: string }) => targetTopic(event.config, event.peer),
};
const byThread = {
  id: (event: { config: ConfigKey; peer: string; thread: number }) =>
    `${targetTopic(event.config, event.peer)}#${event.thread}`,
};

export const routes: readonly Route[] = [
  // Operators' commands, and their answers.
  route('operator', 'config.load', 'supervisor', supervisor),
  route('operator', 'config.use', 'supervisor', supervisor),
  route('operator', 'config.set-state', 'supervisor', supervisor),
  route('operator', 'config.discard', 'supervisor', supervisor),
  route('operator', 'proxy.stop', 'supervisor', supervisor),
  route('operator', 'backend.set-health', 'backend', byIdentity),
  route('operator', 'saint.lift', 'saints'),
  route('supervisor', 'command.done', 'operator'),
  route('supervisor', 'command.refused', 'operator'),

  // A config's life. The data planes hear of a switch through the publisher, with the health of that moment.
  route('supervisor', 'config.wanted', 'config', {
    ...byKey,
    creates: ({ key, name, drainTimeoutMs }) => ({ key, name, drainTimeoutMs }),
    silent: true,
  }),
  route('supervisor', 'config.used', 'publisher'),
  route('supervisor', 'config.activate', 'config', byKey),
  route('supervisor', 'config.deactivate', 'config', byKey),
  route('supervisor', 'config.warm', 'config', byKey),
  route('supervisor', 'config.cool', 'config', byKey),
  route('supervisor', 'config.discard', 'config', byKey),
  route('config', 'load.wanted', 'loader'),
  route('loader', 'config.loaded', 'config', byKey),
  route('loader', 'config.load-failed', 'config', byKey),
  route('config', 'config.announced', 'supervisor', supervisor),
  route('config', 'config.failed', 'supervisor', supervisor),
  route('config', 'slice.wanted', 'slices'),
  route('slices', 'slice.granted', 'config', { reply: true }),
  route('config', 'drain.wanted', 'planes'),
  route('planes', 'config.drained', 'config', byConfig),
  route('config', 'config.discarded', 'planes'),
  route('config', 'config.discarded', 'supervisor', supervisor),

  // What a config declares.
  route('config', 'backend.declare', 'backend', {
    ...byIdentity,
    creates: ({ identity, addresses }) => ({ identity, addresses }),
  }),
  route('config', 'backend.withdraw', 'backend', byIdentity),
  route('config', 'saintmode.declare', 'saintmode', {
    ...byName,
    creates: ({ type: _, ...input }) => input,
    silent: true,
  }),
  route('config', 'saintmode.end', 'saintmode', byName),
  route('config', 'director.declare', 'director', {
    ...byName,
    creates: ({ type: _, ...input }) => input,
    silent: true,
  }),
  route('config', 'director.end', 'director', byName),

  // Polling: one poller for each identity.
  route('backend', 'poller.elect', 'poller', {
    ...byIdentity,
    creates: ({ identity, addresses }) => ({ identity, addresses }),
    stamped: true,
  }),
  route('backend', 'poller.dismiss', 'poller', { ...byIdentity, stamped: true }),
  route('backend', 'poller.retire', 'poller', byIdentity),
  route('poller', 'probe.wanted', 'probes'),
  route('poller', 'probe.unwanted', 'probes'),
  route('probes', 'probe.answered', 'poller', { reply: true }),
  route('poller', 'health.concluded', 'backend', byIdentity),

  // Health, to the data planes and up to whoever contains the backend.
  route('backend', 'backend.health', 'publisher'),
  route('backend', 'backend.health', 'tallies'),
  route('backend', 'backend.health', 'topics'),
  route('backend', 'backend.health', 'saintmode', { topic: (event) => event.identity }),
  route('saintmode', 'topic.follow', 'topics'),
  route('saintmode', 'target.health', 'tallies'),
  route('director', 'members.count', 'tallies'),
  route('director', 'members.uncount', 'tallies'),
  route('tallies', 'members.health', 'director', byName),
  route('director', 'target.health', 'tallies'),
  route('backend', 'backend.retired', 'publisher'),
  route('backend', 'backend.retired', 'tallies'),
  route('backend', 'backend.retired', 'topics'),
  route('planes', 'connections.closed', 'backend', byIdentity),

  route('registry', 'actor.ended', 'tallies'),
  route('registry', 'actor.ended', 'topics'),

  // Newcomers hear what is known already.
  route('topics', 'topic.retained', 'saintmode', { reply: true }),
  route('registry', 'actor.restored', 'config', { reply: true }),
  route('registry', 'actor.restored', 'poller', { reply: true }),

  // What the data planes changed by themselves.
  route('planes', 'member.added', 'director', byDirector),
  route('planes', 'member.added', 'config', byConfig),
  route('planes', 'member.removed', 'director', byDirector),
  route('planes', 'member.removed', 'config', byConfig),
  route('planes', 'saint.denied', 'saints'),
  route('backend', 'backend.retired', 'saints'),
  route('saints', 'saint.lifted', 'publisher'),
  route('saints', 'saint.count', 'topics'),
  route('saints', 'saint.count', 'saintmode', { topic: (event) => event.identity }),

  // Peers: a pool for each, a worker for each of its threads. Operations themselves never come here.
  route('planes', 'peer.opened', 'peerPool', {
    ...byPeer,
    creates: ({ config, peer, min, max }) => ({ config, peer, min, max }),
    silent: true,
  }),
  route('planes', 'peer.threads-set', 'peerPool', byPeer),
  route('planes', 'peer.load', 'peerPool', byPeer),
  route('planes', 'peer.closed', 'peerPool', byPeer),
  route('peerPool', 'worker.wanted', 'peerWorker', {
    ...byThread,
    creates: ({ config, peer, thread }) => ({ config, peer, thread }),
    silent: true,
  }),
  route('peerPool', 'worker.unwanted', 'peerWorker', byThread),
  route('peerWorker', 'thread.wanted', 'planes'),
  route('peerWorker', 'thread.unwanted', 'planes'),
  route('planes', 'peer.thread-started', 'peerWorker', byThread),
  route('planes', 'peer.thread-ended', 'peerWorker', byThread),
  route('peerWorker', 'worker.started', 'peerPool', byPeer),
  route('peerWorker', 'worker.died', 'peerPool', byPeer),
  route('peerWorker', 'worker.ended', 'peerPool', byPeer),
  route('registry', 'actor.restored', 'peerPool', { reply: true }),
  route('registry', 'actor.restored', 'peerWorker', { reply: true }),
];
