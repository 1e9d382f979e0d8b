/** The peers of one loaded config. Each has its own queue and threads: one that is slow delays no other. */
import type { PeerDeclaration } from '../../config/declaration.ts';
import type { PeerControl } from '../../config/peer-control.ts';
import { TroupeError } from '../../errors.ts';
import { type PeerEnvironment, type PeerFigures, RunningPeer } from './running-peer.ts';

export class LoadedPeers {
  readonly #peers = new Map<string, RunningPeer>();
  readonly #environment: PeerEnvironment;

  constructor(declarations: readonly PeerDeclaration[], environment: PeerEnvironment) {
    this.#environment = environment;
    for (const declaration of declarations) {
      this.#peers.set(declaration.name, new RunningPeer(declaration, environment));
    }
  }

  /** The config can be used: the control plane is told of its peers, and starts their threads. */
  open(): void {
    const { config, tell } = this.#environment;
    for (const { name, minThreads: min, maxThreads: max } of this.#peers.values()) {
      tell({ type: 'peer.opened', config, peer: name, min, max });
    }
  }

  /** @throws TroupeError `troupe.outside-hook` */
  get(name: string): PeerControl {
    const peer = this.#peers.get(name);
    if (peer !== undefined) return peer;
    const message = `${name} is no peer of the config whose hook is running: list it in its peers.`;
    throw new TroupeError('troupe.outside-hook', message, { side: 'troupe' });
  }

  /** Whether nothing is pending or running. */
  get isQuiet(): boolean {
    for (const peer of this.#peers.values()) if (!peer.isQuiet) return false;
    return true;
  }

  startThread(peer: string, thread: number): void {
    this.#peers.get(peer)?.startThread(thread);
  }

  endThread(peer: string, thread: number): void {
    this.#peers.get(peer)?.endThread(thread);
  }

  /** What is left is reported, and all threads end. */
  close(): void {
    const { config, tell } = this.#environment;
    for (const peer of this.#peers.values()) {
      // First, so that the threads which end then are missed by nobody.
      tell({ type: 'peer.closed', config, peer: peer.name });
      peer.close();
    }
  }

  figures(): PeerFigures[] {
    return [...this.#peers.values()].map((peer) => peer.figures());
  }
}
