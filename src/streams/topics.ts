/**
 * Topics: who follows what, and what was last said under each, so that a newcomer starts from what is known
 * instead of waiting for the next change. A follower gets all that is retained in one message.
 */
import type { BackendEmitted } from '../actors/backend.ts';
import type { SaintmodeEmitted } from '../actors/saintmode.ts';
import type { Address, Bus } from './bus.ts';
import type { ActorKind, Spoken, TopicSpoken } from './routes.ts';

type Heard =
  | TopicSpoken
  | Extract<BackendEmitted, { type: 'backend.retired' }>
  | Extract<SaintmodeEmitted, { type: 'topic.follow' }>
  | Extract<Spoken['registry'], { type: 'actor.ended' }>;

interface Topic {
  /** By kind of actor: ids. Undefined until somebody follows: most backends have no saintmode object. */
  followers: Map<ActorKind, Set<string>> | undefined;
  /** The last one said of each type: one or two. */
  readonly retained: TopicSpoken[];
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
      topic.followers ??= new Map();
      const ids = topic.followers.get(kind);
      if (ids === undefined) topic.followers.set(kind, new Set([id]));
      else ids.add(id);
      followed.add(name);
    }
  }

  /** What was last said under these topics. */
  retained(topics: readonly string[]): TopicSpoken[] {
    return topics.flatMap((name) => this.#topics.get(name)?.retained ?? []);
  }

  leave(kind: ActorKind, id: string, topics: Iterable<string>): void {
    const followed = this.#followedBy(kind, id);
    for (const name of topics) {
      followed.delete(name);
      this.#topics.get(name)?.followers?.get(kind)?.delete(id);
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
    const { retained } = this.#open(name);
    const index = retained.findIndex(({ type }) => type === event.type);
    if (index < 0) retained.push(event);
    else retained[index] = event;
  }

  /** Nothing will be said under it any more. Its followers stay, in case it begins anew. */
  forget(name: string): void {
    const topic = this.#topics.get(name);
    if (topic !== undefined) topic.retained.length = 0;
    this.#closeIfUnused(name);
  }

  followers(kind: ActorKind, name: string): Iterable<string> {
    return this.#topics.get(name)?.followers?.get(kind) ?? [];
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
      case 'backend.health':
      case 'saint.count':
        this.retain(event.identity, event);
        return;
      case 'backend.retired':
        this.forget(event.identity);
        return;
      case 'actor.ended':
        this.leaveAll(event.kind, event.id);
        if (event.kind === 'backend') this.forget(event.id);
        return;
      default:
        event satisfies never;
    }
  }

  #open(name: string): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { followers: undefined, retained: [] };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  #closeIfUnused(name: string): void {
    const topic = this.#topics.get(name);
    if (topic === undefined || topic.retained.length > 0) return;
    for (const ids of topic.followers?.values() ?? []) if (ids.size > 0) return;
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
