/**
 * What was so at a moment of a run: the health of backends, the faults in force, the orders of operators. Answers are
 * found by looking through the run: runs are short.
 */
import {
  type ConfigDescription,
  type DirectorDeclaration,
  type MemberDeclaration,
  type ProbeDeclaration,
  type ResolvedBackend,
  sharesByWeight,
} from '../config/declaration.ts';
import type { Identity } from '../identity.ts';
import { hostOf } from '../simulation/network.ts';
import { type BackendHealth, isUsable } from '../snapshot.ts';
import type { ActRecord, Run } from './run.ts';
import type { Act } from './scenario.ts';

type FaultAct = Extract<Act, { kind: 'fault' }>;

export interface FaultSpan {
  readonly event: number;
  readonly from: number;
  /** Infinity: it did not end. */
  readonly to: number;
  readonly act: FaultAct;
  /** Names of the backends that suffer it. */
  readonly backends: readonly string[];
}

export class Timeline {
  readonly #run: Run;
  readonly faults: readonly FaultSpan[];

  constructor(run: Run) {
    this.#run = run;
    this.faults = run.acts.filter(isFault).map(({ at, event, act }) => ({
      event,
      from: at,
      to: run.faultEnds.find((end) => end.event === event)?.at ?? Number.POSITIVE_INFINITY,
      act,
      backends: backendsAt(run.description, act.at),
    }));
  }

  backend(name: string): ResolvedBackend | undefined {
    return this.#run.description.backends.find((backend) => backend.name === name);
  }

  /** A backend's health just before a moment, as requests saw it. */
  health(identity: Identity, at: number): BackendHealth | undefined {
    let health: BackendHealth | undefined;
    for (const change of this.#run.health) {
      if (change.at > at) break;
      if (change.identity === identity) health = change.after;
    }
    return health;
  }

  /** Whether a backend was known to be well for the whole millisecond before a moment, that moment included. */
  wasUsable(backend: ResolvedBackend, at: number): boolean {
    return this.#lately(backend, at).every((isWell) => isWell);
  }

  /** Whether a backend was known to be sick for the whole millisecond before a moment, that moment included. */
  wasSick(backend: ResolvedBackend, at: number): boolean {
    return !this.#lately(backend, at).some((isWell) => isWell);
  }

  /** Whether an origin would have answered a request for that path well, at a moment. */
  wouldAnswer(name: string, url: string, at: number): boolean {
    return !this.faults.some(
      ({ from, to, backends, act }) =>
        from <= at && at <= to && backends.includes(name) && concerns(act, url),
    );
  }

  /** Whether an origin answered that path with an error, at a moment, and others well. */
  failsForPage(name: string, url: string, at: number): boolean {
    return this.faults.some(
      ({ from, to, backends, act }) =>
        from <= at && at <= to && backends.includes(name) && act.fault.kind === 'fails' && isAbout(act, url),
    );
  }

  /** Milliseconds for which nothing has been wrong with any origin; undefined: something is, or nothing ever was. */
  wellFor(at: number): number | undefined {
    const before = this.faults.filter(({ from }) => from <= at);
    const end = Math.max(...before.map(({ to }) => to));
    return before.length > 0 && end <= at ? at - end : undefined;
  }

  /** Whether an operator had given an order about any backend by then. */
  hadOrders(at: number): boolean {
    return this.#run.commands.some(({ at: when, what }) => when <= at && what.startsWith('set '));
  }

  /** Whether requests saw it as usable a millisecond before a moment, and after each change since: orders may undo each other at once. */
  #lately({ identity, probe }: ResolvedBackend, at: number): boolean[] {
    const changes = this.#run.health.filter(
      (change) => change.identity === identity && change.at > at - 1 && change.at <= at,
    );
    const healths = [this.health(identity, at - 1), ...changes.map(({ after }) => after)];
    return healths.map((health) => isUsable(health, probe !== undefined));
  }
}

function isFault(record: ActRecord): record is ActRecord & { readonly act: FaultAct } {
  return record.act.kind === 'fault';
}

function concerns(act: FaultAct, url: string): boolean {
  return pageOf(act) === undefined || isAbout(act, url);
}

/** Whether a fault is one of that path, and of no others. */
function isAbout(act: FaultAct, url: string): boolean {
  return pageOf(act) === url.replace(/\?.*/, '');
}

function pageOf({ fault }: FaultAct): string | undefined {
  return fault.kind === 'fails' || fault.kind === 'resets' ? fault.url : undefined;
}

/** Names of the backends with that name, or on the host with that address. */
function backendsAt({ backends }: ConfigDescription, where: string): string[] {
  const there = backends.filter(({ name, addresses }) => name === where || hostOf(addresses) === where);
  const places = new Set(there.map(({ addresses }) => JSON.stringify(addresses)));
  // One origin may have several names.
  return backends.filter(({ addresses }) => places.has(JSON.stringify(addresses))).map(({ name }) => name);
}

/** Milliseconds after a switch in which what follows from it may still be done. */
const SWITCHING_MS = 1_000;

/**
 * The probes that a backend may be polled with at a moment: that of the config in use, and for a while after a switch
 * that of the one before. Copies of a config may differ, for instance in what they draw when they are loaded.
 */
export function probesInUse(
  { commands, descriptions }: Run,
  identity: Identity,
  at: number,
): ProbeDeclaration[] {
  const uses = commands.filter(
    (one) => one.at <= at && one.refusal === undefined && one.what.startsWith('use '),
  );
  const latest = uses.at(-1);
  const isSwitching = latest !== undefined && at < latest.at + SWITCHING_MS;
  const names = ['boot', ...uses.map(({ what }) => what.slice('use '.length))].slice(isSwitching ? -2 : -1);
  return [...descriptions].flatMap(([key, { backends }]) => {
    if (!names.some((name) => key.startsWith(`${name}@`))) return [];
    return backends.find((one) => one.identity === identity)?.probe ?? [];
  });
}

/** The backends that a target may lead to, by name, with the entries of directors that lead there. */
export function reachOf(description: ConfigDescription, target: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const director = description.directors.find((one) => one.name === name);
    const saintmode = description.saintmodes.find((one) => one.name === name);
    if (director !== undefined) for (const member of pickable(director)) visit(member.target);
    else if (saintmode !== undefined) visit(saintmode.backend);
    else if (description.backends.some((one) => one.name === name)) reached.add(name);
  };
  visit(target);
  return reached;
}

/** `b1(10.0.0.1:80,)` is named b1. */
export function nameOfIdentity(identity: Identity): string {
  return identity.slice(0, identity.indexOf('('));
}

/** How many entries of directors below a target lead to a backend, the same one counted as often as it is there. */
export function membersBelow(description: ConfigDescription, target: string): number {
  const count = (name: string, above: readonly string[]): number => {
    if (above.includes(name)) return 0;
    const director = description.directors.find((one) => one.name === name);
    if (director === undefined) return 1;
    return pickable(director).reduce((sum, member) => sum + count(member.target, [...above, name]), 0);
  };
  return count(target, []);
}

/** A member of weight 0 is one that its director shall not pick. */
function pickable({ policy, members }: DirectorDeclaration): readonly MemberDeclaration[] {
  return sharesByWeight(policy) ? members.filter(({ weight }) => weight > 0) : members;
}
