/**
 * Tallies: how many members of each director can be asked. A health change costs one count for each director
 * that has the backend as a member, some 20 ns, and a message only to a director whose first member came up or
 * whose last fell sick; it says so under its own name, and so health rolls up through nested directors.
 *
 * What was last said of each target is kept, so that a director that is declared later starts from what is known.
 */
import type { BackendEmitted } from '../actors/backend.ts';
import type { DirectorEmitted, MemberCounted } from '../actors/director.ts';
import { targetTopic } from '../actors/topic.ts';
import type { ConfigKey } from '../config-key.ts';
import { isUsable } from '../snapshot.ts';
import type { Bus } from './bus.ts';
import type { Spoken } from './routes.ts';

type Heard =
  | Extract<BackendEmitted, { type: 'backend.health' | 'backend.retired' }>
  | DirectorEmitted
  | Extract<Spoken['registry'], { type: 'actor.ended' }>;

/** Told to a director, by its config and name. */
export interface MembersHealth {
  readonly type: 'members.health';
  readonly config: ConfigKey;
  readonly name: string;
  readonly healthy: boolean;
}

/** One director. */
interface Tally {
  readonly config: ConfigKey;
  readonly name: string;
  /** By topic. */
  readonly members: Map<string, Member>;
  /** Of the members that can be asked, each as often as it is a member. */
  healthy: number;
  told: boolean;
}

/** One target as a member of one director. */
interface Member {
  readonly tally: Tally;
  readonly probed: boolean;
  /** How often it is a member. */
  times: number;
  usable: boolean;
}

/** One target, in the eyes of configs that give it a probe, and of those that do not. */
interface Source {
  probed: boolean;
  unprobed: boolean;
  /** Whether anything is known of it. */
  isKnown: boolean;
  /** In each director that it is a member of. */
  readonly members: Set<Member>;
}

export class Tallies {
  readonly #bus: Bus;
  /** By topic. */
  readonly #sources = new Map<string, Source>();
  /** By the topic under which the director itself speaks. */
  readonly #tallies = new Map<string, Tally>();

  constructor(bus: Bus) {
    this.#bus = bus;
    bus.attach('tallies', (event) => this.#take(event as Heard));
  }

  /** Targets that are members or of which something is known, and directors with members. */
  get size(): number {
    return this.#sources.size + this.#tallies.size;
  }

  #take(event: Heard): void {
    switch (event.type) {
      case 'backend.health':
        this.#hear(event.identity, isUsable(event, true), isUsable(event, false));
        return;
      case 'target.health':
        this.#hear(targetTopic(event.config, event.name), event.healthy, event.healthy);
        return;
      case 'members.count':
        this.#count(event.config, event.name, event.members);
        return;
      case 'members.uncount':
        this.#uncount(targetTopic(event.config, event.name), event.members);
        return;
      case 'backend.retired':
        this.#forget(event.identity);
        return;
      case 'actor.ended':
        if (event.kind === 'director') this.#drop(event.id);
        if (event.kind === 'director' || event.kind === 'saintmode') this.#forget(event.id);
        return;
      default:
        event satisfies never;
    }
  }

  #hear(topic: string, probed: boolean, unprobed: boolean): void {
    const source = this.#source(topic);
    source.isKnown = true;
    source.probed = probed;
    source.unprobed = unprobed;
    for (const member of source.members) {
      const usable = member.probed ? probed : unprobed;
      if (usable === member.usable) continue;
      member.usable = usable;
      this.#change(member.tally, usable ? member.times : -member.times);
    }
  }

  #count(config: ConfigKey, name: string, members: readonly MemberCounted[]): void {
    const own = targetTopic(config, name);
    let tally = this.#tallies.get(own);
    if (tally === undefined) {
      tally = { config, name, members: new Map(), healthy: 0, told: false };
      this.#tallies.set(own, tally);
    }
    let more = 0;
    for (const { topic, probed } of members) {
      let member = tally.members.get(topic);
      if (member === undefined) {
        const source = this.#source(topic);
        member = { tally, probed, times: 0, usable: probed ? source.probed : source.unprobed };
        source.members.add(member);
        tally.members.set(topic, member);
      }
      member.times++;
      if (member.usable) more++;
    }
    this.#change(tally, more);
  }

  #uncount(own: string, members: readonly MemberCounted[]): void {
    const tally = this.#tallies.get(own);
    if (tally === undefined) return;
    for (const { topic } of members) {
      const member = tally.members.get(topic);
      if (member === undefined) continue;
      member.times--;
      if (member.times === 0) this.#remove(topic, member);
      if (member.usable) this.#change(tally, -1);
    }
    if (tally.members.size === 0) this.#tallies.delete(own);
  }

  #change(tally: Tally, by: number): void {
    tally.healthy += by;
    const healthy = tally.healthy > 0;
    if (healthy === tally.told) return;
    tally.told = healthy;
    const { config, name } = tally;
    this.#bus.say('tallies', { type: 'members.health', config, name, healthy });
  }

  /** A director has ended. */
  #drop(own: string): void {
    const tally = this.#tallies.get(own);
    if (tally === undefined) return;
    for (const [topic, member] of tally.members) this.#remove(topic, member);
    this.#tallies.delete(own);
  }

  #remove(topic: string, member: Member): void {
    member.tally.members.delete(topic);
    this.#sources.get(topic)?.members.delete(member);
    this.#closeIfUnused(topic);
  }

  /** Nothing is known of a target any more. Whoever still counts it ends, too, and goes by what it last heard. */
  #forget(topic: string): void {
    const source = this.#sources.get(topic);
    if (source === undefined) return;
    source.isKnown = false;
    source.probed = false;
    source.unprobed = false;
    this.#closeIfUnused(topic);
  }

  #source(topic: string): Source {
    let source = this.#sources.get(topic);
    if (source === undefined) {
      source = { probed: false, unprobed: false, isKnown: false, members: new Set() };
      this.#sources.set(topic, source);
    }
    return source;
  }

  #closeIfUnused(topic: string): void {
    const source = this.#sources.get(topic);
    if (source?.isKnown === false && source.members.size === 0) this.#sources.delete(topic);
  }
}
