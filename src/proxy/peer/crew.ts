/**
 * The threads of one peer, and what each has been given. A thread performs its orders one after the other. So
 * that it need not wait for this event loop between two of them, it is given some ahead; those that it has not
 * begun can be taken back at any moment (peer-threads.ts), so they still count as pending here, and wait for no
 * thread that is stuck while another has nothing to do.
 */
import type { OperationQueue } from './operation-queue.ts';
import type { PeerAnswer, PeerOrder } from './order.ts';
import type { PeerOperation } from './peer-operation.ts';
import type { PeerThread, StartPeerThread } from './peer-threads.ts';

/** Orders that a thread has in hand, at most; it is given more when half of them are left. */
const MOST_AHEAD = 16;

interface Member {
  readonly number: number;
  thread: PeerThread | undefined;
  /** Given and not answered, in order: those that it has begun, then those that it has not. */
  given: PeerOperation[];
  /** It takes orders. */
  isReady: boolean;
  /** It ends as soon as it has nothing in hand. */
  isLeaving: boolean;
}

export interface CrewOptions {
  readonly startThread: StartPeerThread;
  /** Operations that no thread has yet. */
  readonly queue: OperationQueue<PeerOperation>;
  /** Whether threads may be given orders ahead. */
  readonly mayGiveAhead: boolean;
  readonly orderFor: (operation: PeerOperation) => PeerOrder;
  /** Whether this is the last attempt, so that the order may take the body's bytes with it. */
  readonly isLast: (operation: PeerOperation) => boolean;
  readonly onAnswer: (operation: PeerOperation, answer: PeerAnswer) => void;
  /** A thread died with it in hand. */
  readonly onLost: (operation: PeerOperation, reason: string) => void;
  readonly onStarted: (thread: number) => void;
  /** @param reason why, if nobody told it to */
  readonly onEnded: (thread: number, reason: string | undefined) => void;
}

export class Crew {
  readonly #options: CrewOptions;
  readonly #members = new Map<number, Member>();
  #ready = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Threads that take orders. */
  get size(): number {
    return this.#ready;
  }

  /** Operations that a thread has been given and has not begun. */
  get waiting(): number {
    let count = 0;
    for (const { thread } of this.#members.values()) count += thread?.waiting ?? 0;
    return count;
  }

  /** Operations that a thread has begun, and whose end is not known here. */
  get running(): number {
    let count = 0;
    for (const { given, thread } of this.#members.values()) count += given.length - (thread?.waiting ?? 0);
    return count;
  }

  /** Threads with an operation in hand. */
  busy(): number[] {
    const busy: number[] = [];
    for (const { number, given } of this.#members.values()) if (given.length > 0) busy.push(number);
    return busy;
  }

  start(number: number): void {
    const member: Member = { number, thread: undefined, given: [], isReady: false, isLeaving: false };
    this.#members.set(number, member);
    member.thread = this.#options.startThread({
      onReady: () => {
        if (member.isLeaving) return;
        member.isReady = true;
        this.#ready++;
        this.#options.onStarted(number);
        this.dispatch();
      },
      onAnswers: (answers) => this.#answered(member, answers),
      onGone: (reason) => this.#gone(member, reason),
    });
  }

  /** Ends a thread at once, or after the operation that it is performing. */
  end(number: number): void {
    const member = this.#members.get(number);
    if (member === undefined || member.isLeaving) return;
    this.#takeBack(member);
    this.#leave(member);
    if (member.given.length === 0) member.thread?.end();
    this.dispatch();
  }

  /**
   * Gives threads what there is to do.
   *
   * @returns whether a thread could do with more
   */
  dispatch(): boolean {
    const { queue } = this.#options;
    let isOneIdle = false;
    for (const { isReady, given } of this.#members.values()) isOneIdle ||= isReady && given.length === 0;
    if (queue.length === 0 && isOneIdle) this.#relieve();
    if (queue.length === 0) return true;
    if (isOneIdle) this.#giveTo((member) => member.given.length === 0);
    this.#giveTo(() => true);
    return queue.length === 0;
  }

  /** Takes everything out of all hands, begun or not, and ends all threads. @returns what they had begun first */
  disband(): PeerOperation[] {
    const left: PeerOperation[] = [];
    for (const member of this.#members.values()) {
      this.#takeBack(member);
      left.push(...member.given);
      member.given = [];
      this.#leave(member);
      member.thread?.end();
    }
    return left;
  }

  #giveTo(wanted: (member: Member) => boolean): void {
    for (const member of this.#members.values()) if (member.isReady && wanted(member)) this.#give(member);
  }

  #give(member: Member): void {
    const { queue, mayGiveAhead, orderFor, isLast } = this.#options;
    const most = mayGiveAhead ? Math.min(MOST_AHEAD, Math.max(1, Math.ceil(queue.length / this.#ready))) : 1;
    if (member.given.length > most / 2) return;
    const orders: PeerOrder[] = [];
    const transfer: ArrayBuffer[] = [];
    while (member.given.length < most) {
      const next = queue.shift();
      if (next === undefined) break;
      const { body } = next;
      if (body instanceof Uint8Array && isLast(next)) {
        // Bytes that have gone over cannot be taken back.
        if (member.given.length > 0) {
          queue.unshift(next);
          break;
        }
        transfer.push(body.buffer as ArrayBuffer);
      }
      orders.push(orderFor(next));
      member.given.push(next);
      if (transfer.length > 0) break;
    }
    if (orders.length > 0) member.thread?.give(orders, transfer);
  }

  /** A thread has nothing to do: others are relieved of what they have not begun. */
  #relieve(): void {
    for (const member of this.#members.values()) {
      if ((member.thread?.waiting ?? 0) > 0) this.#takeBack(member);
    }
  }

  /** What it has not begun goes back to the front of the queue. */
  #takeBack({ thread, given }: Member): void {
    const { queue } = this.#options;
    for (let left = thread?.takeBack() ?? 0; left > 0; left--) {
      const last = given.pop();
      if (last !== undefined) queue.unshift(last);
    }
  }

  #answered(member: Member, answers: readonly PeerAnswer[]): void {
    for (const answer of answers) {
      const operation = member.given[0];
      if (operation === undefined || operation.number !== answer.operation) continue;
      member.given.shift();
      this.#options.onAnswer(operation, answer);
    }
    if (member.isLeaving) {
      if (member.given.length === 0) member.thread?.end();
    } else {
      this.dispatch();
    }
  }

  #gone(member: Member, reason: string | undefined): void {
    const { onEnded, onLost } = this.#options;
    this.#takeBack(member);
    this.#members.delete(member.number);
    this.#leave(member);
    onEnded(member.number, reason);
    for (const operation of member.given.splice(0)) onLost(operation, reason ?? 'its thread was ended');
    this.dispatch();
  }

  /** It counts no more, and is given nothing more. */
  #leave(member: Member): void {
    if (member.isReady) this.#ready--;
    member.isReady = false;
    member.isLeaving = true;
  }
}
