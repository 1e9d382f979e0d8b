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
      const answer = (result: ProbeResult) => {
        this.#running.delete(identity);
        bus.reply('probes', from, { type: 'probe.answered', attempt, result, at: clock.now() });
      };
      try {
        this.#running.set(identity, probe(heard, answer));
      } catch (error) {
        // Without an answer its poller would wait for ever. The bus reports the mistake.
        answer(brokenProbe(error));
        throw error;
      }
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

function brokenProbe(error: unknown): ProbeResult {
  const flags = {
    goodIpv4: false,
    goodIpv6: false,
    goodUnix: false,
    goodXmit: false,
    errXmit: false,
    goodRecv: false,
    errRecv: false,
  };
  return { happy: false, flags, responseTimeMs: 0, reason: `The probe could not be made: ${error}` };
}
