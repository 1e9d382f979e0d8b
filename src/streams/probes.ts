/** The probe effect: does what pollers ask for, and answers the very poller that asked. */
import type { PollerEmitted } from '../actors/poller.ts';
import type { Clock } from '../clock.ts';
import type { ProbeDeclaration } from '../config/declaration.ts';
import type { Addresses, Identity } from '../identity.ts';
import type { ProbeResult } from '../probe-result.ts';
import type { Bus } from './bus.ts';

export interface ProbeOrder {
  readonly addresses: Addresses;
  readonly probe: ProbeDeclaration;
  /** The Host field of the probe's request. */
  readonly hostHeader: string;
}

/** Probes once and calls `done` exactly once, later. Returns what calls it off; `done` is not called then. */
export type Probe = (order: ProbeOrder, done: (result: ProbeResult) => void) => () => void;

type Heard = Extract<PollerEmitted, { type: 'probe.wanted' | 'probe.unwanted' }>;

export class Probes {
  readonly #running = new Map<Identity, () => void>();

  constructor(clock: Clock, bus: Bus, probe: Probe) {
    bus.attach('probes', (event, from) => {
      const heard = event as Heard;
      const { identity, attempt } = heard;
      this.#running.get(identity)?.();
      this.#running.delete(identity);
      if (heard.type === 'probe.unwanted' || from === undefined) return;
      const callOff = probe(heard, (result) => {
        this.#running.delete(identity);
        bus.reply('probes', from, { type: 'probe.answered', attempt, result, at: clock.now() });
      });
      this.#running.set(identity, callOff);
    });
  }

  /** Identities that are being probed at this instant. */
  get running(): number {
    return this.#running.size;
  }

  close(): void {
    for (const callOff of this.#running.values()) callOff();
    this.#running.clear();
  }
}
