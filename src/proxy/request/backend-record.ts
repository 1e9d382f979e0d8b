/**
 * Counters of one backend identity, shared by all configs that declare it: in one data plane, so that the
 * limit on requests in flight needs nobody's answer. They begin with the first request that asks it and end
 * when the identity retires.
 */
import type { ErrorCode } from '../../errors.ts';
import type { BackendTarget } from '../directors/target.ts';
import { ANSWER_BOUNDS_MS, type LatencyFigures, LatencyHistogram } from '../latency-histogram.ts';
import { type Waiter, WaitQueue } from './wait-queue.ts';

export interface BackendStats {
  /** Requests that this data plane has asked and not yet ended. */
  readonly inFlight: number;
  /** Requests that wait for one of those to end, because of `maxConnections`. */
  readonly waiting: number;
  /** Requests that have waited, those that wait now not included, and the milliseconds that it took them. */
  readonly waited: number;
  readonly waitedMs: number;
  /** Picks of it by a director that ignored health, having too few healthy members. */
  readonly panicPicks: number;
  /** Requests asked since the identity was first used. */
  readonly requests: number;
  /** Of these, retries: somebody else, or this backend before, had failed the client's request. */
  readonly retries: number;
  /** How many answers and failures of this backend's were not left at that: the request was tried again. */
  readonly retried: number;
  /** Answers whose head has come, whatever they say. */
  readonly answers: number;
  /** Milliseconds from sending a request to the head of its answer, a connection included: their sum. */
  readonly answerMs: number;
  /** The same as an exponential average, to which each answer adds a sixteenth; 0 before the first one. */
  readonly averageAnswerMs: number;
  /** Of bodies, to and from the backend; of tunnels, everything. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Failures by their code: what came of requests asked, and those not asked because of `maxConnections`. */
  readonly failures: Readonly<Partial<Record<ErrorCode, number>>>;
  /** `answerMs` in buckets; counted only while somebody wants to know. */
  readonly answerTimes?: LatencyFigures;
}

/** As in Varnish's probes, the first answers weigh as much as each other until there are so many. */
const answersAveraged = 16;

export class BackendRecord implements BackendStats {
  inFlight = 0;
  waiting = 0;
  waited = 0;
  waitedMs = 0;
  panicPicks = 0;
  requests = 0;
  retries = 0;
  retried = 0;
  answers = 0;
  answerMs = 0;
  averageAnswerMs = 0;
  bytesSent = 0;
  bytesReceived = 0;
  readonly failures: Partial<Record<ErrorCode, number>> = {};
  #times: LatencyHistogram | undefined;
  /** Made when somebody has to wait. */
  #queue: WaitQueue | undefined;

  begin(isRetry = false): void {
    this.inFlight++;
    this.requests++;
    if (isRetry) this.retries++;
  }

  end(): void {
    this.inFlight--;
    if (this.waiting > 0) this.admit();
  }

  /** @param limit requests in flight; those for whom a slot is kept count as well */
  hasRoom(limit: number): boolean {
    return this.inFlight + (this.#queue?.kept ?? 0) < limit;
  }

  /** How many wait for the backend as one config declares it. */
  waitingFor(target: BackendTarget): number {
    return this.#queue?.lengthFor(target) ?? 0;
  }

  enterQueue(waiter: Waiter): void {
    this.#queue ??= new WaitQueue();
    this.#queue.enter(waiter);
    this.waiting = this.#queue.length;
  }

  /** @param ms that it has waited */
  leaveQueue(waiter: Waiter, ms: number): void {
    this.#queue?.settle(waiter);
    this.waiting = this.#queue?.length ?? 0;
    this.waited++;
    this.waitedMs += ms;
  }

  /** Keeps free slots for those who wait. */
  admit(): void {
    this.#queue?.admit(this.inFlight);
    this.waiting = this.#queue?.length ?? 0;
  }

  /** To be called when the backend's health has changed. */
  healthChanged(): void {
    if (this.waiting === 0) return;
    this.#queue?.turnAwaySick();
    this.waiting = this.#queue?.length ?? 0;
  }

  countAnswer(ms: number): void {
    this.answers++;
    this.answerMs += ms;
    this.#times?.add(ms);
    this.averageAnswerMs += (ms - this.averageAnswerMs) / Math.min(this.answers, answersAveraged);
  }

  countFailure(code: ErrorCode): void {
    this.failures[code] = (this.failures[code] ?? 0) + 1;
  }

  keepTimes(): void {
    this.#times ??= new LatencyHistogram(ANSWER_BOUNDS_MS);
  }

  /** A copy that does not change any more. */
  stats(): BackendStats {
    const times = this.#times?.figures();
    return { ...this, failures: { ...this.failures }, ...(times && { answerTimes: times }) };
  }
}
