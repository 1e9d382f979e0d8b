/**
 * A peer of one loaded config, as the data plane has it: the queue, the threads that work it off, and the
 * counts. It hands operations to idle threads by itself; how many threads there are is the control plane's
 * affair, which hears of the load a few times a second.
 *
 *   queue ─► pending ─► running ─► done | failed
 *               ▲          │
 *               └─ pause ◄─┘ retries
 *
 * Nothing here runs within `queue` but the snapshot and adding it: threads are given work in a turn of its own.
 */
import type { Clock } from '../../clock.ts';
import { MOST_PEER_THREADS, type PeerDeclaration, peerDefaults } from '../../config/declaration.ts';
import type { PeerControl, PeerRequest } from '../../config/peer-control.ts';
import type { ConfigKey } from '../../config-key.ts';
import type { Fact } from '../../facts.ts';
import { type LatencyFigures, LatencyHistogram } from '../latency-histogram.ts';
import { backOffMs } from './back-off.ts';
import { Crew } from './crew.ts';
import { LossReport } from './loss-report.ts';
import { OperationQueue } from './operation-queue.ts';
import type { PeerAnswer, PeerFailureCause, PeerOrder } from './order.ts';
import { type PeerCounters, PeerCounts } from './peer-counts.ts';
import {
  identityOfPeer,
  type PeerEntry,
  type PeerOperation,
  type PeerResult,
  requestLineOf,
} from './peer-operation.ts';
import { withMaxQueue, withThreads, withTimeout } from './peer-settings.ts';
import type { StartPeerThread } from './peer-threads.ts';
import { postContentOf } from './post-content.ts';
import { authorityOf } from './redirect.ts';
import { destinationOf, snapshotOf } from './request-snapshot.ts';

/** Milliseconds between two reports of the load, while there is any. */
const LOAD_REPORT_MS = 100;

/** Who is told of results; an RxJS subject is one. Nothing is made for it while nobody observes. */
export interface PeerResults {
  readonly observed: boolean;
  next(result: PeerResult): void;
}

export interface PeerEnvironment {
  readonly config: ConfigKey;
  readonly clock: Clock;
  readonly random: () => number;
  readonly startThread: StartPeerThread;
  readonly tell: (fact: Fact) => void;
  readonly log: ((entry: PeerEntry) => void) | undefined;
  readonly results: PeerResults | undefined;
  /** Numbers operations. */
  readonly nextOperation: () => number;
  /** Called when nothing is pending or running any more. */
  readonly onQuiet: () => void;
}

/** One peer of one config, all its counters as they are now. */
export interface PeerFigures extends PeerCounters {
  readonly config: ConfigKey;
  readonly name: string;
  readonly identity: string;
  readonly threads: number;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly maxQueue: number;
  readonly pending: number;
  /** Operations that are being performed. */
  readonly running: number;
  readonly latency: LatencyFigures;
}

export class RunningPeer implements PeerControl {
  readonly name: string;
  readonly #environment: PeerEnvironment;
  readonly #declaration: PeerDeclaration;
  readonly #counts = new PeerCounts();
  readonly #latency = new LatencyHistogram();
  readonly #losses: LossReport;
  readonly #queue = new OperationQueue<PeerOperation>();
  /** Failed operations that wait for their next attempt, the longest accepted not necessarily first. */
  readonly #pausing = new Map<PeerOperation, () => void>();
  readonly #crew: Crew;
  #threads: { readonly min: number; readonly max: number };
  #destination: PeerDeclaration['destination'];
  #timeoutMs: number;
  #connectTimeoutMs: number;
  #maxQueue: number;
  #isDispatchDue = false;
  /** Whether a thread could do with more than it has. */
  #isWorkWanted = true;
  #cancelReport: (() => void) | undefined;
  #isClosed = false;

  constructor(declaration: PeerDeclaration, environment: PeerEnvironment) {
    this.name = declaration.name;
    this.#declaration = declaration;
    this.#environment = environment;
    this.#threads = { min: declaration.minThreads, max: declaration.maxThreads };
    this.#destination = declaration.destination;
    this.#timeoutMs = declaration.timeoutMs;
    this.#connectTimeoutMs = declaration.connectTimeoutMs;
    this.#maxQueue = declaration.maxQueue;
    this.#losses = new LossReport(environment.clock, (count) => this.#logLoss(count));
    this.#crew = new Crew({
      startThread: environment.startThread,
      queue: this.#queue,
      // What is to be dropped first must be at hand.
      mayGiveAhead: declaration.whenFull === 'refuse',
      orderFor: (operation) => this.#orderFor(operation),
      isLast: ({ attempts }) => attempts >= declaration.retries,
      onAnswer: (operation, answer) => this.#answered(operation, answer),
      onLost: (operation, reason) => {
        operation.attempts++;
        this.#counts.started++;
        this.#failed(operation, 'thread-died', undefined, reason);
      },
      onStarted: (thread) => {
        this.#isWorkWanted = true;
        environment.tell({ type: 'peer.thread-started', ...this.#id, thread });
      },
      onEnded: (thread, reason) => this.#threadEnded(thread, reason),
    });
  }

  get threads(): number {
    return this.#crew.size;
  }

  get pending(): number {
    return this.#queue.length + this.#pausing.size + this.#crew.waiting;
  }

  get minThreads(): number {
    return this.#threads.min;
  }

  get maxThreads(): number {
    return this.#threads.max;
  }

  get isQuiet(): boolean {
    return this.pending === 0 && this.#crew.running === 0;
  }

  set(host: string, port: number): void {
    const name = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
    if (!/^[^\s/?#@[\]]+$/.test(name) || !Number.isInteger(port) || port < 0 || port > 65_535) return;
    this.#destination = { host: name, port: port === 0 ? peerDefaults.port : port };
  }

  setThreads(min: number, max: number): void {
    const threads = withThreads(this.#threads, min, max, MOST_PEER_THREADS);
    if (threads.min === this.#threads.min && threads.max === this.#threads.max) return;
    this.#threads = threads;
    this.#environment.tell({ type: 'peer.threads-set', ...this.#id, ...threads });
  }

  setTimeout(ms: number): void {
    this.#timeoutMs = withTimeout(this.#timeoutMs, ms, peerDefaults.timeoutMs);
  }

  setConnectTimeout(ms: number): void {
    this.#connectTimeoutMs = withTimeout(this.#connectTimeoutMs, ms, peerDefaults.connectTimeoutMs);
  }

  setMaxQueue(length: number): void {
    this.#maxQueue = withMaxQueue(this.#maxQueue, length);
  }

  queue(request: PeerRequest, body?: string | Uint8Array): boolean {
    const isFull = this.pending >= this.#maxQueue;
    // Before the snapshot, so that a queue that stays full costs next to nothing.
    if (this.#isClosed || (isFull && this.#declaration.whenFull === 'refuse')) return this.#refuse();
    const { head, host } = snapshotOf(request);
    const content = postContentOf(body);
    const destination = this.#destination ?? (host === undefined ? undefined : destinationOf(host));
    if (destination === undefined) return this.#refuseUnaddressed(host);
    // After it: an older one gives way only to one that can be sent.
    if (isFull && !this.#makeRoom()) return this.#refuse();
    this.#counts.accepted++;
    this.#queue.push({
      number: this.#environment.nextOperation(),
      host: destination.host,
      port: destination.port,
      head: host === undefined ? withHost(head, destination) : head,
      body: content,
      acceptedAt: this.#environment.clock.now(),
      attempts: 0,
    });
    this.#planDispatch();
    this.#planReport();
    return true;
  }

  /** The control plane wants a thread. */
  startThread(number: number): void {
    this.#crew.start(number);
  }

  /** The control plane wants a thread no more: it ends at once, or after the operation that it performs. */
  endThread(number: number): void {
    this.#crew.end(number);
  }

  /** The config is gone: what is left is reported, and all threads end. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#losses.close();
    this.#cancelReport?.();
    const left = this.#takeAll();
    for (const operation of left) {
      this.#counts.discarded++;
      this.#tellResult(operation, 'undelivered', { cause: 'discarded', message: leftMessage(operation) });
    }
    if (left.length > 0) {
      const message = `${left.length} operations were left when the config was discarded or the proxy closed`;
      this.#log({ kind: 'undelivered', count: left.length, message });
    }
  }

  figures(): PeerFigures {
    const { config } = this.#environment;
    const { running } = this.#crew;
    return {
      config,
      name: this.name,
      identity: this.#identity(this.#destination),
      threads: this.threads,
      minThreads: this.minThreads,
      maxThreads: this.maxThreads,
      maxQueue: this.#maxQueue,
      pending: this.pending,
      running,
      ...this.#counts.copy(),
      started: this.#counts.started + running,
      latency: this.#latency.figures(),
    };
  }

  // Work for threads.

  #planDispatch(): void {
    if (this.#isDispatchDue || !this.#isWorkWanted) return;
    this.#isDispatchDue = true;
    this.#environment.clock.after(0, () => {
      this.#isDispatchDue = false;
      this.#isWorkWanted = this.#crew.dispatch();
    });
  }

  #orderFor({ number, head, body, host, port }: PeerOperation): PeerOrder {
    const timeoutMs = this.#timeoutMs;
    const connectTimeoutMs = this.#connectTimeoutMs;
    return { operation: number, host, port, head, body, timeoutMs, connectTimeoutMs };
  }

  #answered(operation: PeerOperation, { status, cause, message, tookMs }: PeerAnswer): void {
    operation.attempts++;
    this.#counts.started++;
    this.#isWorkWanted = true;
    this.#latency.add(tookMs);
    if (cause === undefined) this.#succeeded(operation, status);
    else this.#failed(operation, cause, status, message ?? cause);
  }

  #succeeded(operation: PeerOperation, status: number | undefined): void {
    this.#counts.done++;
    this.#tellResult(operation, 'done', { status });
    this.#lookQuiet();
  }

  #failed(
    operation: PeerOperation,
    cause: PeerFailureCause,
    status: number | undefined,
    message: string,
  ): void {
    this.#counts.failures[cause]++;
    const retryInMs = operation.attempts <= this.#declaration.retries ? this.#pause(operation) : undefined;
    const { log } = this.#environment;
    if (log !== undefined) {
      const { attempts: attempt, number } = operation;
      const identity = this.#identity(operation);
      const what = { ...requestLineOf(operation), attempt, cause, status, message, retryInMs };
      log({ kind: 'failed', config: this.#environment.config, identity, operation: number, ...what });
    }
    if (retryInMs !== undefined) return;
    this.#counts.failed++;
    this.#tellResult(operation, 'failed', { status, cause, message });
    this.#lookQuiet();
  }

  /** @returns milliseconds until its next attempt */
  #pause(operation: PeerOperation): number {
    const { clock, random, tell } = this.#environment;
    const drawn = random();
    const delayMs = backOffMs(operation.attempts, drawn);
    this.#counts.retried++;
    // Random numbers and times are put on record.
    const { number, attempts: attempt } = operation;
    tell({ type: 'peer.retry-planned', ...this.#id, operation: number, attempt, random: drawn, delayMs });
    const cancel = clock.after(delayMs, () => {
      this.#pausing.delete(operation);
      this.#queue.unshift(operation);
      this.#planDispatch();
    });
    this.#pausing.set(operation, cancel);
    return delayMs;
  }

  /** @returns whether there is room for one more now */
  #makeRoom(): boolean {
    const oldest = this.#queue.shift() ?? this.#takePausing();
    if (oldest === undefined) return false;
    this.#counts.dropped++;
    this.#losses.add();
    this.#tellResult(oldest, 'undelivered', { cause: 'dropped', message: 'dropped for a newer one' });
    return this.pending < this.#maxQueue;
  }

  #takePausing(): PeerOperation | undefined {
    for (const [operation, cancel] of this.#pausing) {
      cancel();
      this.#pausing.delete(operation);
      return operation;
    }
    return undefined;
  }

  /** Everything that has not ended, the longest accepted first. */
  #takeAll(): PeerOperation[] {
    const left = this.#crew.disband();
    for (const begun of left) {
      begun.attempts++;
      this.#counts.started++;
    }
    for (let one = this.#takePausing(); one !== undefined; one = this.#takePausing()) left.push(one);
    for (let one = this.#queue.shift(); one !== undefined; one = this.#queue.shift()) left.push(one);
    return left.sort((a, b) => a.number - b.number);
  }

  #threadEnded(thread: number, reason: string | undefined): void {
    this.#environment.tell({ type: 'peer.thread-ended', ...this.#id, thread, reason });
    if (reason === undefined || this.#isClosed) return;
    this.#counts.threadsDied++;
    this.#log({ kind: 'thread-died', thread, message: `a worker thread died: ${reason}` });
  }

  // What others are told.

  get #id() {
    return { config: this.#environment.config, peer: this.name };
  }

  /** The control plane hears of the load while there is some, and once when there is none any more. */
  #planReport(): void {
    if (this.#cancelReport !== undefined) return;
    this.#cancelReport = this.#environment.clock.after(LOAD_REPORT_MS, () => {
      this.#cancelReport = undefined;
      const pending = this.#queue.length + this.#crew.waiting;
      this.#environment.tell({ type: 'peer.load', ...this.#id, pending, busy: this.#crew.busy() });
      if (!this.isQuiet) this.#planReport();
    });
  }

  #lookQuiet(): void {
    if (this.isQuiet) this.#environment.onQuiet();
  }

  #refuse(): false {
    this.#counts.refused++;
    this.#losses.add();
    return false;
  }

  #refuseUnaddressed(host: string | undefined): boolean {
    this.#counts.refused++;
    const why = host === undefined ? 'the request has no Host' : `its Host, ${host}, is none`;
    this.#log({ kind: 'refused', count: 1, message: `set() was never called, and ${why}` });
    return false;
  }

  #logLoss(count: number): void {
    const { whenFull } = this.#declaration;
    const kind = whenFull === 'refuse' ? 'refused' : 'dropped';
    const message = this.#isClosed
      ? `${count} operations refused: the config is gone`
      : `${count} operations ${kind}: ${this.#maxQueue} are pending, which is the limit`;
    this.#log({ kind, count, message });
  }

  #log(entry: DistributiveOmit<PeerEntry, 'config' | 'identity'>): void {
    const { log, config } = this.#environment;
    log?.({ config, identity: this.#identity(this.#destination), ...entry });
  }

  #tellResult(
    operation: PeerOperation,
    outcome: PeerResult['outcome'],
    { status, cause, message }: Partial<Pick<PeerResult, 'status' | 'cause' | 'message'>>,
  ): void {
    const { results, config, clock } = this.#environment;
    if (results?.observed !== true) return;
    results.next({
      config,
      peer: this.name,
      identity: this.#identity(operation),
      operation: operation.number,
      ...requestLineOf(operation),
      outcome,
      attempts: operation.attempts,
      status,
      cause,
      message,
      tookMs: clock.now() - operation.acceptedAt,
    });
  }

  #identity(where: { readonly host: string; readonly port: number } | undefined): string {
    return where === undefined ? `${this.name}(Host)` : identityOfPeer(this.name, where.host, where.port);
  }
}

type DistributiveOmit<Union, Keys extends string> = Union extends unknown ? Omit<Union, Keys> : never;

function withHost(head: string, { host, port }: { readonly host: string; readonly port: number }): string {
  const lineEnd = head.indexOf('\r\n') + 2;
  return `${head.slice(0, lineEnd)}Host: ${authorityOf(host, port)}\r\n${head.slice(lineEnd)}`;
}

function leftMessage({ attempts }: PeerOperation): string {
  return attempts === 0 ? 'not initiated' : `not ended at attempt ${attempts}`;
}
