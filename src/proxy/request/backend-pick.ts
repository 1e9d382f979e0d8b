/**
 * One request that wants a backend, as directors are asked about it. Health and saint entries count as they
 * are when it asks, so each attempt asks again.
 *
 * The request hash is computed only if something needs it: an entry on the saint list, or a policy that
 * distributes by it.
 */
import type { BackendRef } from '../../config/hooks.ts';
import type { ShardChoice } from '../../config/shard-declaration.ts';
import { TroupeError } from '../../errors.ts';
import { distributionKey } from '../directors/hash.ts';
import { Lease } from '../directors/lease.ts';
import type { Load } from '../directors/load.ts';
import type { PickRequest } from '../directors/policy.ts';
import type { BackendTarget } from '../directors/target.ts';
import { type HookOwner, nameOf } from './contexts.ts';
import type { BackendMessage } from './messages.ts';

export class BackendPick implements PickRequest {
  denied: ReadonlySet<string> | undefined;
  /** The director that has ignored health in the last `resolve`, the outermost one; undefined: none has. */
  panic: string | undefined;
  readonly #owner: HookOwner;
  #lease: Lease | undefined;
  readonly #bereq: BackendMessage;
  #key: string | undefined;
  /** What was named, and how it is to pick; no shard director: undefined. */
  #named: string | undefined;
  #choice: ShardChoice | undefined;
  // Where the pick has passed, in fields: two names are the rule, and a list for each request would cost more.
  #first: string | undefined;
  #second: string | undefined;
  #others: string[] | undefined;

  constructor(owner: HookOwner, bereq: BackendMessage) {
    this.#owner = owner;
    this.#bereq = bereq;
  }

  key(): Uint8Array {
    return this.#key === undefined ? this.#owner.requestHash().bytes() : distributionKey([this.#key]);
  }

  requestHash(): Uint8Array {
    return this.#owner.requestHash().bytes();
  }

  url(): string {
    return this.#bereq.url;
  }

  shardChoice(name: string): ShardChoice | undefined {
    return this.#choice !== undefined && name === this.#named
      ? this.#choice
      : this.#bereq.shardChoices?.get(name);
  }

  random(): number {
    return this.#owner.environment.random();
  }

  passed(name: string): void {
    if (this.#first === undefined) this.#first = name;
    else if (this.#second === undefined) this.#second = name;
    else if (this.#others === undefined) this.#others = [name];
    else this.#others.push(name);
  }

  panicked(name: string): void {
    this.panic ??= name;
  }

  hold(load: Load): void {
    this.#lease ??= new Lease();
    this.#lease.hold(load);
  }

  /** Hands over what the last `resolve` holds with directors; undefined: nothing. To be released by the taker. */
  takeLease(): Lease | undefined {
    const lease = this.#lease;
    this.#lease = undefined;
    return lease;
  }

  /** The directors and saintmode objects that the last `resolve` has passed, the outermost first. */
  way(): string[] {
    const way = this.#others === undefined ? [] : [...this.#others];
    if (this.#second !== undefined) way.unshift(this.#second);
    if (this.#first !== undefined) way.unshift(this.#first);
    return way;
  }

  /** Whether something could be asked now. */
  accepts(ref: BackendRef): boolean {
    const target = this.#owner.loaded.graph.get(nameOf(ref));
    if (target === undefined) return false;
    this.#readSaints();
    return target.accepts(this);
  }

  /** The backend to ask now, or why none can be. Moves the cursors of directors. */
  resolve(ref: BackendRef | undefined): BackendTarget | TroupeError {
    this.#first = undefined;
    this.#second = undefined;
    this.#others = undefined;
    this.panic = undefined;
    if (ref === undefined) return noTarget();
    const { graph } = this.#owner.loaded;
    const target = graph.get(nameOf(ref));
    if (target === undefined) return unknownTarget(nameOf(ref));
    this.#key = typeof ref === 'string' ? undefined : ref.key;
    this.#named = target.name;
    this.#choice = typeof ref === 'string' ? undefined : ref.shard;
    this.#readSaints();
    const backend = target.resolve(this);
    return backend === undefined ? noneHealthy(target.name) : this.#unlessBusy(backend);
  }

  /** Requests are counted by identity, but the limit is that of the request's own config. */
  #unlessBusy(backend: BackendTarget): BackendTarget | TroupeError {
    const { maxConnections } = backend.limits;
    if (maxConnections === 0) return backend;
    const record = this.#owner.environment.record(backend.identity);
    if (record.inFlight < maxConnections) return backend;
    this.takeLease()?.release();
    record.countFailure('backend.busy');
    return busy(backend);
  }

  #readSaints(): void {
    const { environment, loaded } = this.#owner;
    const { saints, clock } = environment;
    const isIrrelevant = saints.isEmpty || loaded.config.saintmodes.length === 0;
    this.denied = isIrrelevant ? undefined : saints.deniedFor(this.#owner.requestHash().hex(), clock.now());
  }
}

function noTarget(): TroupeError {
  const message = 'the config declares no backend, and no hook has chosen one: there is nobody to ask';
  return new TroupeError('backend.none-healthy', message, { side: 'troupe' });
}

function unknownTarget(name: string): TroupeError {
  const message = `a hook has chosen ${name}, but the config has no backend, director or saintmode object of that name`;
  return new TroupeError('backend.none-healthy', message, { side: 'troupe' });
}

function noneHealthy(name: string): TroupeError {
  const message = `${name} has no backend that is healthy for this request`;
  return new TroupeError('backend.none-healthy', message, { side: 'backend', retryable: true });
}

function busy({ identity, limits }: BackendTarget): TroupeError {
  const message = `${identity}: ${limits.maxConnections} requests in flight, which is its maxConnections`;
  return new TroupeError('backend.busy', message, { side: 'backend', retryable: true });
}
