/** worker-threads-pool 2.0.0 brings no types. */
declare module 'worker-threads-pool' {
  import type { Worker, WorkerOptions } from 'node:worker_threads';

  export default class Pool {
    constructor(options?: { readonly max?: number });
    /** Threads that run now. */
    readonly size: number;
    /** Starts a thread, or waits with it until another has ended. */
    acquire(
      file: string | URL,
      options: WorkerOptions,
      started: (error: Error | null, worker: Worker) => void,
    ): void;
  }
}
