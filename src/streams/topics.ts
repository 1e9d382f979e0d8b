/**
 * Topics: who follows what, and what was last said under each, so that a newcomer starts from what is known
 * instead of waiting for the next change. A follower gets all that is retained in one message.
 */
import type { BackendEmitted } from '../actors/backend.ts';
import type { DirectorEmitted } from '../actors/director.ts';
import { targetTopic } from '../actors/topic.ts';
import type { Address, Bus } from './bus.ts';
import type { ActorKind, Spoken, TopicSpoken } from './routes.ts';

type Heard =
  | TopicSpoken
  | Extract<BackendEmitted, { type: 'backend.retired' }>
  | Extract<DirectorEmitted, { type: 'topic.follow' | 'topic.leave' }>
  | Extract<Spoken['registry'], { type: 'actor.ended' }>;

/** Who speaks under topics: each under its own id. */
const speakers: readonly ActorKind[] = ['backend', 'saintmode', 'director'];

interface Topic {
  /** By kind of actor: ids. */
  readonly followers: Map<ActorKind, Set<string>>;
  /** By type of event: the last one said. */
  readonly retained: Map<string, TopicSpoken>;
}

export class Topics {
  readonly #topics = new Map<string, Topic>();
  /** By kind and id of a follower, so that its end costs what it followed. */
  readonly #followed = new Map<string, Set<string>>();

  /** Takes in what the routing table sends to topics, and answers newcomers. To be called once. */
  connect(bus: Bus): void {
    bus.attach('topics', (event, from) => this.#take(bus, event as Heard, from));
  }

  /** Topics that are followed, or under which something is retained. */
  get size(): number {
    return this.#topics.size;
  }

  follow(kind: ActorKind, id: string, topics: readonly string[]): void {
    if (topics.length === 0) return;
    const followed = this.#followedBy(kind, id);
    for (const name of topics) {
      const topic = this.#open(name);
      const ids = topic.followers.get(kind);
      if (ids === undefined) topic.followers.set(kind, new Set([id]));
      else ids.add(id);
      followed.add(name);
    }
  }

  /** What was last said under these topics. */
  retained(topics: readonly string[]): TopicSpoken[] {
    return topics.flatMap((name) => [...(this.#topics.get(name)?.retained.values() ?? [])]);
  }

  leave(kind: ActorKind, id: string, topics: Iterable<string>): void {
    const followed = this.#followedBy(kind, id);
    for (const name of topics) {
      followed.delete(name);
      this.#topics.get(name)?.followers.get(kind)?.delete(id);
      this.#closeIfUnused(name);
    }
    if (followed.size === 0) this.#followed.delete(`${kind} ${id}`);
  }

  /** An actor has ended. */
  leaveAll(kind: ActorKind, id: string): void {
    const followed = this.#followed.get(`${kind} ${id}`);
    if (followed !== undefined) this.leave(kind, id, [...followed]);
  }

  retain(name: string, event: TopicSpoken): void {
    this.#open(name).retained.set(event.type, event);
  }

  /** Nothing will be said under it any more. Its followers stay, in case it begins anew. */
  forget(name: string): void {
    this.#topics.get(name)?.retained.clear();
    this.#closeIfUnused(name);
  }

  followers(kind: ActorKind, name: string): Iterable<string> {
    return this.#topics.get(name)?.followers.get(kind) ?? [];
  }

  #take(bus: Bus, event: Heard, from: Address | undefined): void {
    switch (event.type) {
      case 'topic.follow': {
        if (from === undefined) return;
        this.follow(from.kind, from.id, event.topics);
        // Looked up when its turn comes: until then the follower may hear something newer.
        bus.reply('topics', from, () => {
          const said = this.retained(event.topics);
          return said.length > 0 ? { type: 'topic.retained', said } : undefined;
        });
        return;
      }
      case 'topic.leave':
        if (from !== undefined) this.leave(from.kind, from.id, event.topics);
        return;
      case 'backend.health':
      case 'saint.count':
        this.retain(event.identity, event);
        return;
      case 'target.health':
        this.retain(targetTopic(event.config, event.name), event);
        return;
      case 'backend.retired':
        this.forget(event.identity);
        return;
      case 'actor.ended':
        this.leaveAll(event.kind, event.id);
        if (speakers.includes(event.kind)) this.forget(event.id);
        return;
      default:
        event satisfies never;
    }
  }

  #open(name: string): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { followers: new Map(), retained: new Map() };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  #closeIfUnused(name: string): void {
    const topic = this.#topics.get(name);
    if (topic === undefined || topic.retained.size > 0) return;
    for (const ids of topic.followers.values()) if (ids.size > 0) return;
    this.#topics.delete(name);
  }

  #followedBy(kind: ActorKind, id: string): Set<string> {
    const key = `${kind} ${id}`;
    let followed = this.#followed.get(key);
    if (followed === undefined) {
      followed = new Set();
      this.#followed.set(key, followed);
    }
    return followed;
  }
}
