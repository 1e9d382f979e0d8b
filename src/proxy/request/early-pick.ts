/**
 * What a pick would come to before there is anything to send: VCL's `resolve()`, and what the directors hash and shard
 * answer at once. It moves cursors, as every pick does, but takes no slot of a director: who is asked in the end is
 * found out when the fetch begins.
 */
import type { BackendRef } from '../../config/hooks.ts';
import type { ShardChoice } from '../../config/shard-declaration.ts';
import { distributionKey } from '../directors/hash.ts';
import type { PickRequest } from '../directors/policy.ts';
import type { TargetGraph } from '../directors/target-graph.ts';
import type { HookOwner } from './contexts.ts';
import type { BackendMessage } from './messages.ts';
import type { RequestHash } from './request-hash.ts';
import { shardChoiceOf } from './shard-choice.ts';

/**
 * @param bereq undefined: on the client's side
 * @returns the name of a backend, or of the member of a shard director; undefined: none is healthy for the request
 */
export function pickEarly(
  owner: HookOwner,
  bereq: BackendMessage | undefined,
  ref: BackendRef,
): string | undefined {
  const { graph } = owner.loaded;
  const request = new EarlyPick(owner, bereq, ref);
  const { name } = request;
  const shard = request.choice === undefined ? undefined : graph.shard(name);
  const picked = shard === undefined ? graph.get(name)?.resolve(request) : shard.pick(request);
  return picked?.name;
}

/**
 * What a hash director answers while its config is loaded: a member, which keeps no key.
 *
 * @returns undefined: none is healthy
 */
export function pickAtLoad(graph: TargetGraph, ref: BackendRef): string | undefined {
  if (typeof ref === 'string') return ref;
  const { name, key = '' } = ref;
  return graph.pick(name, { denied: undefined, key: () => distributionKey([key]), random: () => 0 })?.name;
}

/** In `recv` and `hash`; varnishd has as many zeros there. */
const notKnown = new Uint8Array(32);

class EarlyPick implements PickRequest {
  readonly denied: ReadonlySet<string> | undefined;
  readonly choice: ShardChoice | undefined;
  readonly name: string;
  readonly #key: string | undefined;
  readonly #owner: HookOwner;
  readonly #bereq: BackendMessage | undefined;
  readonly #hash: RequestHash | undefined;

  constructor(owner: HookOwner, bereq: BackendMessage | undefined, ref: BackendRef) {
    this.#owner = owner;
    this.#bereq = bereq;
    this.name = typeof ref === 'string' ? ref : ref.name;
    this.#key = typeof ref === 'string' ? undefined : ref.key;
    this.choice = typeof ref === 'string' ? undefined : ref.shard;
    const { saints, clock } = owner.environment;
    const isIrrelevant = saints.isEmpty || owner.loaded.config.saintmodes.length === 0;
    const hash = bereq === undefined ? owner.knownHash : owner.requestHash();
    this.denied = isIrrelevant || hash === undefined ? undefined : saints.deniedFor(hash.hex(), clock.now());
    this.#hash = hash;
  }

  key(): Uint8Array {
    return this.#key === undefined ? this.requestHash() : distributionKey([this.#key]);
  }

  requestHash(): Uint8Array {
    return this.#hash?.bytes() ?? notKnown;
  }

  url(): string {
    return (this.#bereq ?? this.#owner.req).url;
  }

  shardChoice(name: string): ShardChoice | undefined {
    return shardChoiceOf(this.#bereq, name, name === this.name ? this.choice : undefined);
  }

  random(): number {
    return this.#owner.environment.random();
  }
}
