/**
 * The processes that a benchmark starts. Each is ended by its id, its children too, whatever happens: SIGTERM
 * first, SIGKILL for what is left after a while. Linux only, because it reads /proc.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { descendants, isAlive } from './process-tree.mjs';

/** Milliseconds that a process gets to end after SIGTERM. */
const TERM_MS = 3_000;
/** Bytes of a process's output that are kept, to be shown if it fails. */
const KEPT_OUTPUT = 8_192;

/** @typedef {{ pid: number, child: import('node:child_process').ChildProcess, output: () => string }} Running */

export class Processes {
  /** @type {Set<Running>} */
  #running = new Set();
  #isStopped = false;

  /**
   * @param {readonly string[]} argv
   * @param {{ core?: number | undefined, env?: Record<string, string> }} [options] core: the only one it may use
   * @returns {Running}
   */
  start(argv, { core, env = {} } = {}) {
    if (this.#isStopped) throw new Error('interrupted');
    const [command = '', ...args] = core === undefined ? argv : ['taskset', '-c', String(core), ...argv];
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => keep(`${error.message}\n`));
    const running = { pid: child.pid ?? 0, child, output: () => output };
    if (child.pid !== undefined) this.#running.add(running);
    return running;
  }

  /** Ends a process and its children; resolves when they are gone. */
  async stop(running) {
    if (!this.#running.delete(running)) return;
    const { child, pid } = running;
    const family = [...descendants(pid)];
    if (hasEnded(child)) return killAll(family);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([ended, delay(TERM_MS, undefined, { ref: false })]);
    killAll(family);
    if (!hasEnded(child)) await ended;
  }

  /** Ends all; no other can be started. So whoever waits for one of them fails, and cleans up. */
  async stopAll() {
    this.#isStopped = true;
    await Promise.all([...this.#running].map((running) => this.stop(running)));
  }
}

export function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A process id is given to another process sooner or later; its start time tells them apart. */
function killAll(family) {
  for (const one of family) if (isAlive(one)) process.kill(one.pid, 'SIGKILL');
}
