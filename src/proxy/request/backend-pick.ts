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
import type { BackendRecord } from './backend-record.ts';
import { BackendWait } from './backend-wait.ts';
import { type HookOwner, nameOf } from './contexts.ts';
import type { BackendMessage } from './messages.ts';
import { shardChoiceOf } from './shard-choice.ts';

/** Who wants the backend. */
export interface PickReceiver {
  /** What a `resolve` that had to wait has come to. */
  picked(outcome: BackendTarget | TroupeError): void;
}

export class BackendPick implements PickRequest {
  denied: ReadonlySet<string> | undefined;
  /** The director that has ignored health in the last `resolve`, the outermost one; undefined: none has. */
  panic: string | undefined;
  /** Milliseconds that this request has waited for backends that were full, since the last `resolve`. */
  waitedMs = 0;
  readonly #owner: HookOwner;
  readonly #receiver: PickReceiver;
  #wait: BackendWait | undefined;
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

  constructor(owner: HookOwner, bereq: BackendMessage, receiver: PickReceiver) {
    this.#owner = owner;
    this.#receiver = receiver;
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
    return shardChoiceOf(this.#bereq, name, name === this.#named ? this.#choice : undefined);
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

  /**
   * The backend to ask now, or why none can be; undefined: it has to wait, and the receiver is told. Moves the
   * cursors of directors.
   */
  resolve(ref: BackendRef | undefined): BackendTarget | TroupeError | undefined {
    this.waitedMs = 0;
    return this.#resolve(ref);
  }

  /** Nobody waits any more. */
  abort(): void {
    this.#wait?.leave();
    this.#wait = undefined;
    this.takeLease()?.release();
  }

  #resolve(ref: BackendRef | undefined): BackendTarget | TroupeError | undefined {
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
    return backend === undefined ? noneHealthy(target.name) : this.#unlessBusy(backend, ref);
  }

  /** Requests are counted by identity, but the limits are those of the request's own config. */
  #unlessBusy(backend: BackendTarget, ref: BackendRef): BackendTarget | TroupeError | undefined {
    const { maxConnections, waitLimit, waitTimeoutMs } = backend.limits;
    if (maxConnections === 0 && this.panic === undefined) return backend;
    const { environment } = this.#owner;
    const record = environment.record(backend.identity);
    if (maxConnections === 0 || record.hasRoom(maxConnections)) {
      if (this.panic !== undefined) record.panicPicks++;
      return backend;
    }
    if (record.waitingFor(backend) >= waitLimit) return this.#refused(record, busy(backend));
    const ms = waitTimeoutMs - this.waitedMs;
    if (ms <= 0) return this.#refused(record, late(backend));
    // What is denied to the request may change while it waits.
    const { denied } = this;
    this.#wait = new BackendWait(backend, record, environment.clock, ms, (end, waitedMs) => {
      this.#wait = undefined;
      this.waitedMs += waitedMs;
      if (end === 'late') this.#receiver.picked(this.#refused(record, late(backend)));
      else if (end === 'slot' && this.#isStillFit(backend, denied)) this.#goOn(backend, record);
      else this.#pickAgain(ref);
    });
    return undefined;
  }

  #goOn(backend: BackendTarget, record: BackendRecord): void {
    if (this.panic !== undefined) record.panicPicks++;
    this.#receiver.picked(backend);
  }

  #pickAgain(ref: BackendRef): void {
    this.takeLease()?.release();
    const outcome = this.#resolve(ref);
    if (outcome !== undefined) this.#receiver.picked(outcome);
  }

  /** Whether a backend is still what would do, after a while of waiting for it. */
  #isStillFit(backend: BackendTarget, deniedBefore: ReadonlySet<string> | undefined): boolean {
    if (!backend.healthy && this.panic === undefined) return false;
    this.#readSaints();
    const { identity } = backend;
    return !this.denied?.has(identity) || deniedBefore?.has(identity) === true;
  }

  #refused(record: BackendRecord, error: TroupeError): TroupeError {
    this.takeLease()?.release();
    record.countFailure('backend.busy');
    return error;
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
  const { maxConnections, waitLimit } = limits;
  const waiting = waitLimit === 0 ? '' : `, and ${waitLimit} wait, which is its waitLimit`;
  const message = `${identity}: ${maxConnections} requests in flight, which is its maxConnections${waiting}`;
  return new TroupeError('backend.busy', message, { side: 'backend', retryable: true });
}

function late({ identity, limits }: BackendTarget): TroupeError {
  const { maxConnections, waitTimeoutMs } = limits;
  const full = `${maxConnections} requests in flight, which is its maxConnections`;
  const message = `${identity}: ${full}, and no slot in ${waitTimeoutMs} ms, which is its waitTimeout`;
  return new TroupeError('backend.busy', message, { side: 'backend', retryable: true });
}
