/** Probes over the simulated network: the same steps, and the same reasons for failing, as the real ones. */
import type { Clock } from '../clock.ts';
import type { ProbeDeclaration } from '../config/declaration.ts';
import type { Identity } from '../identity.ts';
import type { ProbeFlags, ProbeResult } from '../probe-result.ts';
import type { Probe, ProbeOrder } from '../streams/probes.ts';
import { CONNECT_MS, placeOf, type SimulatedNetwork } from './network.ts';
import { WELL } from './origin.ts';

const noFlags: ProbeFlags = {
  goodIpv4: false,
  goodIpv6: false,
  goodUnix: false,
  goodXmit: false,
  errXmit: false,
  goodRecv: false,
  errRecv: false,
};
const connected: ProbeFlags = { ...noFlags, goodIpv4: true };
const asked: ProbeFlags = { ...connected, goodXmit: true };
const silent: ProbeFlags = { ...asked, errRecv: true };
const answered: ProbeFlags = { ...asked, goodRecv: true };

/** A probe is about to be made. @returns what is told how it ended; not called if it is called off */
export type ObserveProbe = (identity: Identity, probe: ProbeDeclaration) => (isHappy: boolean) => void;

export function simulatedProbe(clock: Clock, network: SimulatedNetwork, observe?: ObserveProbe): Probe {
  return (order: ProbeOrder & { readonly identity?: Identity }, answer) => {
    const { addresses, probe, identity } = order;
    const ended = identity === undefined ? undefined : observe?.(identity, probe);
    const done = (result: ProbeResult) => {
      ended?.(result.happy);
      answer(result);
    };
    const reception = network.at(placeOf(addresses))?.receive(urlOf(probe)) ?? { kind: 'vanished' as const };
    const within = `within ${probe.timeoutMs / 1_000} s`;
    const after = (ms: number, result: ProbeResult) => clock.after(ms, () => done(result));
    const late = (flags: ProbeFlags, reason: string) => after(probe.timeoutMs, failed(flags, reason));
    switch (reception.kind) {
      case 'refused':
        return after(CONNECT_MS, failed(noFlags, 'no connection: refused'));
      case 'vanished':
        return late(noFlags, `no connection ${within}`);
      case 'hung':
        return late(silent, `no answer ${within}`);
      case 'reset':
        return after(CONNECT_MS + reception.afterMs, failed(silent, 'connection reset while it answered'));
      case 'answered': {
        const tookMs = CONNECT_MS + reception.afterMs;
        if (tookMs > probe.timeoutMs) return late(silent, `no answer ${within}`);
        // What a page for probes answers is its owner's to know: an origin that is well says what is expected there.
        const status = reception.status === WELL ? probe.expectedResponse : reception.status;
        const isHappy = status === probe.expectedResponse;
        const reason = isHappy
          ? `HTTP/1.1 ${status}`
          : `status ${status} instead of ${probe.expectedResponse}`;
        return after(tookMs, { happy: isHappy, flags: answered, responseTimeMs: tookMs, reason });
      }
      default:
        return reception satisfies never;
    }
  };
}

function urlOf({ request, url }: { readonly request?: readonly string[]; readonly url: string }): string {
  return request?.[0]?.split(' ')[1] ?? url;
}

function failed(flags: ProbeFlags, reason: string): ProbeResult {
  return { happy: false, flags, responseTimeMs: 0, reason };
}
