/**
 * Worker threads. worker-threads-pool is the gate that starts and counts them: it makes a thread wait while
 * there are as many as one process may have. They are ended here (its own way is deprecated), one by one.
 */
import { createRequire } from 'node:module';
import type { Worker, WorkerOptions } from 'node:worker_threads';
import Pool from 'worker-threads-pool';
import { type PeerAnswer, type PeerOrder, READY, type ThreadMessage } from './order.ts';

/** Threads of all peers of one proxy; each has a heap of its own, some 5 MB. */
const MAX_THREADS = 128;

/** One thread, for whoever gives it orders: one at a time, and the next when that has been answered. */
export interface PeerThread {
  /** @param transfers whether the bytes of the order's body go over, instead of a copy of them */
  perform(order: PeerOrder, transfers: boolean): void;
  /** Ends it now, whatever it is in the middle of. */
  end(): void;
}

export interface PeerThreadEvents {
  /** It takes orders from now on. */
  onReady(): void;
  onAnswer(answer: PeerAnswer): void;
  /** It has ended, and says nothing more. @param reason why, if nobody told it to */
  onGone(reason: string | undefined): void;
}

/** Starts a thread. It tells nothing before this has returned. */
export type StartPeerThread = (events: PeerThreadEvents) => PeerThread;

export interface PeerThreads {
  readonly start: StartPeerThread;
  /** Resolves when no thread is left. */
  ended(): Promise<void>;
}

export function createPeerThreads(): PeerThreads {
  const gate = new Pool({ max: MAX_THREADS });
  const running = new Set<RunningThread>();
  let onLast: (() => void) | undefined;
  return {
    start(events) {
      const thread = new RunningThread(gate, events, () => {
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

class RunningThread implements PeerThread {
  readonly #events: PeerThreadEvents;
  readonly #gone: () => void;
  #worker: Worker | undefined;
  #isEnding = false;
  #isGone = false;
  #reason: string | undefined;

  constructor(gate: Pool, events: PeerThreadEvents, gone: () => void) {
    this.#events = events;
    this.#gone = gone;
    const { file, options } = program();
    gate.acquire(file, options, (error, worker) => {
      // The gate's queue has no bound, so it refuses nobody.
      if (error === null) this.#started(worker);
    });
  }

  perform(order: PeerOrder, transfers: boolean): void {
    const { body } = order;
    this.#worker?.postMessage(
      order,
      transfers && body instanceof Uint8Array ? [body.buffer as ArrayBuffer] : [],
    );
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
      else this.#events.onAnswer(message);
    });
    worker.on('error', (error) => {
      this.#reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => {
      if (this.#isGone) return;
      this.#isGone = true;
      this.#events.onGone(this.#isEnding ? undefined : (this.#reason ?? `it ended with status ${code}`));
      this.#gone();
    });
    if (this.#isEnding) void worker.terminate();
  }
}

/**
 * The program as it stands beside this module: JavaScript in the package; in the source tree TypeScript, which
 * not every Node runs by itself.
 */
function program(): { readonly file: string | URL; readonly options: WorkerOptions } {
  // What the process was started with (a loader, a debugger) is not for these threads.
  const options: WorkerOptions = { execArgv: [], stdin: false };
  if (!import.meta.url.endsWith('.ts'))
    return { file: new URL('./thread-program.js', import.meta.url), options };
  const jiti = createRequire(import.meta.url).resolve('jiti');
  const file = new URL('./thread-program.ts', import.meta.url).href;
  const text = `require(${JSON.stringify(jiti)}).createJiti(${JSON.stringify(file)}).import(${JSON.stringify(file)});`;
  return { file: text, options: { ...options, eval: true } };
}
