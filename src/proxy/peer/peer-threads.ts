/**
 * Worker threads. worker-threads-pool is the gate that starts and counts them: it makes a thread wait while
 * there are as many as one proxy may have. They are ended here (its own way is deprecated), one by one.
 *
 * A thread and whoever gives it orders share one number: how many orders it has begun. The thread raises it by
 * one before each, if it is what it expects; to take back what has not been begun, the number is set to that of
 * all orders given, and the thread, which finds another number than it expects, leaves those out.
 */
import { createRequire } from 'node:module';
import type { Worker, WorkerOptions } from 'node:worker_threads';
import Pool from 'worker-threads-pool';
import { type PeerAnswer, type PeerOrder, READY, type ThreadMessage, type ThreadStart } from './order.ts';

/** Threads of all peers of one proxy; each has a heap of its own, some 5 MB. */
const MAX_THREADS = 128;

/** One thread, for whoever gives it orders. */
export interface PeerThread {
  /**
   * Gives it orders, to be performed one after the other, behind those that it has.
   *
   * @param transfer bytes in them that go over, instead of a copy
   */
  give(orders: readonly PeerOrder[], transfer: readonly ArrayBuffer[]): void;
  /** Orders that it has not begun. */
  readonly waiting: number;
  /** Takes those back. @returns how many: the last ones given */
  takeBack(): number;
  /** Ends it now, whatever it is in the middle of. */
  end(): void;
}

export interface PeerThreadEvents {
  /** It takes orders from now on. */
  onReady(): void;
  /** How orders have ended, in their order. */
  onAnswers(answers: readonly PeerAnswer[]): void;
  /** It has ended, and says nothing more. @param reason why, if nobody told it to */
  onGone(reason: string | undefined): void;
}

/** Starts a thread. It tells nothing before this has returned. */
export type StartPeerThread = (events: PeerThreadEvents) => PeerThread;

interface PeerThreads {
  readonly start: StartPeerThread;
  /** Resolves when no thread is left. */
  ended(): Promise<void>;
}

/** @param program what they run, as text, in place of the real one: for tests of how threads end */
export function createPeerThreads(program?: string): PeerThreads {
  const run: Program = program === undefined ? theProgram() : { file: program, options: { eval: true } };
  const gate = new Pool({ max: MAX_THREADS });
  const running = new Set<RunningThread>();
  let onLast: (() => void) | undefined;
  return {
    start(events) {
      const thread = new RunningThread(gate, run, events, () => {
        running.delete(thread);
        if (running.size === 0) onLast?.();
      });
      running.add(thread);
      return thread;
    },
    ended: () =>
      running.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onLast = resolve;
          }),
  };
}

interface Program {
  readonly file: string | URL;
  readonly options: WorkerOptions;
}

class RunningThread implements PeerThread {
  readonly #events: PeerThreadEvents;
  readonly #onGone: () => void;
  readonly #begun = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #given = 0;
  #worker: Worker | undefined;
  #isEnding = false;
  #reason: string | undefined;

  constructor(gate: Pool, { file, options }: Program, events: PeerThreadEvents, onGone: () => void) {
    this.#events = events;
    this.#onGone = onGone;
    const workerData: ThreadStart = { begun: this.#begun };
    gate.acquire(file, { ...options, workerData }, (error, worker) => {
      // The gate's queue has no bound, so it refuses nobody.
      if (error === null) this.#started(worker);
    });
  }

  get waiting(): number {
    // A difference of two numbers of 32 bits, which may have gone round.
    return (this.#given - Atomics.load(this.#begun, 0)) | 0;
  }

  give(orders: readonly PeerOrder[], transfer: readonly ArrayBuffer[]): void {
    this.#given = (this.#given + orders.length) | 0;
    this.#worker?.postMessage(orders, transfer);
  }

  takeBack(): number {
    return (this.#given - Atomics.exchange(this.#begun, 0, this.#given)) | 0;
  }

  end(): void {
    this.#isEnding = true;
    // One that still waits at the gate is ended when it comes through.
    void this.#worker?.terminate();
  }

  #started(worker: Worker): void {
    this.#worker = worker;
    worker.on('message', (message: ThreadMessage) => {
      if (this.#isEnding) return;
      if (message === READY) this.#events.onReady();
      else this.#events.onAnswers(message);
    });
    worker.on('error', (error) => {
      this.#reason = error instanceof Error ? error.message : String(error);
    });
    worker.once('exit', (code) => {
      this.#events.onGone(this.#isEnding ? undefined : (this.#reason ?? `it ended with status ${code}`));
      this.#onGone();
    });
    if (this.#isEnding) void worker.terminate();
  }
}

/**
 * The program as it stands beside this module: JavaScript in the package; in the source tree TypeScript, which
 * not every Node runs by itself.
 */
function theProgram(): Program {
  // What the process was started with (a loader, a debugger) is not for these threads.
  const options: WorkerOptions = { execArgv: [] };
  if (!import.meta.url.endsWith('.ts'))
    return { file: new URL('./thread-program.js', import.meta.url), options };
  const jiti = JSON.stringify(createRequire(import.meta.url).resolve('jiti'));
  const file = JSON.stringify(new URL('./thread-program.ts', import.meta.url).href);
  return {
    file: `require(${jiti}).createJiti(${file}).import(${file});`,
    options: { ...options, eval: true },
  };
}
