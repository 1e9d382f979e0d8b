/**
 * Both planes around one peer, in simulated time: the real queue and the real actors, with threads that the test
 * drives.
 */
import { Subject } from 'rxjs';
import type { Config } from '../../src/config/config.ts';
import { type PeerDeclaration, peerDefaults } from '../../src/config/declaration.ts';
import { currentScope } from '../../src/config/hook-scope.ts';
import type { PeerControl } from '../../src/config/peer-control.ts';
import { createDataPlane } from '../../src/proxy/create-data-plane.ts';
import type { DataPlane } from '../../src/proxy/data-plane.ts';
import { Fields } from '../../src/proxy/http/fields.ts';
import type { PeerEntry, PeerResult } from '../../src/proxy/peer/peer-operation.ts';
import type { PeerFigures } from '../../src/proxy/peer/running-peer.ts';
import type { Message } from '../../src/streams/bus.ts';
import { ControlPlane } from '../../src/streams/control-plane.ts';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';
import { settle } from './control-world.ts';
import { FakePeerThreads } from './fake-peer-thread.ts';
import { FakeTransport } from './fake-transport.ts';

function peerOf(changes: Partial<PeerDeclaration> = {}): PeerDeclaration {
  return { name: 'neighbour', destination: { host: '10.9.1.111', port: 8888 }, ...peerDefaults, ...changes };
}

export class PeerWorld {
  readonly clock = new SimulatedClock();
  readonly threads = new FakePeerThreads();
  readonly results: PeerResult[] = [];
  readonly entries: PeerEntry[] = [];
  readonly messages: Message[] = [];
  readonly faults: unknown[] = [];
  readonly control: ControlPlane;
  readonly data: DataPlane;
  peer: PeerControl = undefined as never;
  #queued = 0;

  private constructor(declaration: PeerDeclaration, drainTimeoutMs: number) {
    const results = new Subject<PeerResult>();
    results.subscribe((result) => this.results.push(result));
    this.data = createDataPlane({
      transport: new FakeTransport(),
      clock: this.clock,
      random: () => 0.5,
      plane: 'p0',
      log: { peer: (entry) => this.entries.push(entry) },
      startPeerThread: this.threads.start,
      peerResults: results,
    });
    const config: Config = {
      backends: [],
      directors: [],
      saintmodes: [],
      peers: [declaration],
      defaultTarget: undefined,
      hooks: {
        init: () => {
          this.peer = currentScope('init').peer(declaration.name);
        },
      },
      file: undefined,
    };
    this.control = new ControlPlane({
      clock: this.clock,
      planes: this.data,
      load: async (key) => this.data.load(key, config, []),
      probe: () => () => {},
      drainTimeoutMs,
      onFault: (error) => this.faults.push(error),
    });
    this.control.messages$.subscribe((message) => this.messages.push(message));
    this.data.onFacts = (batch) => this.control.takeFacts(batch);
  }

  /** A world in which a config with one peer is loaded, and its first threads are being started. */
  static async with(changes: Partial<PeerDeclaration> = {}, drainTimeoutMs = 30_000): Promise<PeerWorld> {
    const world = new PeerWorld(peerOf(changes), drainTimeoutMs);
    const loaded = world.control.load('boot');
    await settle();
    world.settle();
    await loaded;
    return world;
  }

  /** Everything that is due now happens, and threads that have been started take orders. */
  settle(): void {
    for (let i = 0; i < 4; i++) {
      this.clock.advance(0);
      for (const thread of this.threads.live) if (!this.#known.has(thread)) this.#makeReady(thread);
    }
    this.clock.advance(0);
  }

  readonly #known = new Set<unknown>();

  #makeReady(thread: { ready(): void }): void {
    this.#known.add(thread);
    thread.ready();
  }

  /** Queues a request of its own number: `/1`, `/2`, ... */
  queue(body?: string | Uint8Array): boolean {
    const http = new Fields(['Host', 'example.com']);
    return this.peer.queue({ method: 'PURGE', url: `/${++this.#queued}`, proto: 'HTTP/1.1', http }, body);
  }

  figures(): PeerFigures {
    const [figures] = this.data.figures().peers;
    if (figures === undefined) throw new Error('the config has gone');
    return figures;
  }

  /** URLs of what threads have begun, in that order within each thread. */
  begun(): string[] {
    return this.threads.all.flatMap(({ begun }) => begun.map(({ head }) => head.split(' ')[1] ?? ''));
  }
}
