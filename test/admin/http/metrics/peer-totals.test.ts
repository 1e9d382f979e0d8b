import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { PeerTotals, peerCounted } from '../../../../src/admin/http/metrics/peer-totals.ts';
import type { ConfigKey } from '../../../../src/config-key.ts';
import type { PeerFigures } from '../../../../src/proxy/peer/running-peer.ts';

/** A peer of one config: what it has counted, and where it sends. */
class Peer {
  readonly config: ConfigKey;
  destination: string;
  counted = 0;

  constructor(config: string, destination: string) {
    this.config = config as ConfigKey;
    this.destination = destination;
  }

  figures(): PeerFigures {
    const counters = Object.fromEntries(peerCounted.map((name) => [name, this.counted]));
    const now = { pending: 2, running: 1, threads: 1 };
    const figures: unknown = {
      config: this.config,
      name: 'p',
      identity: this.destination,
      ...now,
      ...counters,
    };
    return figures as PeerFigures;
  }
}

const aDestination = fc.constantFrom('p(a)', 'p(b)');
const anAct = fc.oneof(
  fc.record({ type: fc.constant('load' as const), destination: aDestination }),
  fc.record({ type: fc.constant('count' as const), which: fc.nat(), n: fc.nat({ max: 5 }) }),
  fc.record({ type: fc.constant('set' as const), which: fc.nat(), destination: aDestination }),
  fc.record({ type: fc.constant('discard' as const), which: fc.nat() }),
);

test.prop([fc.array(anAct, { maxLength: 60 })])(
  'totals by destination are what was ever counted there, whatever configs and destinations come and go',
  (acts) => {
    const totals = new PeerTotals();
    const expected = new Map<string, number>();
    const peers: Peer[] = [];
    let loaded = 0;
    for (const act of acts) {
      const peer = 'which' in act && peers.length > 0 ? peers[act.which % peers.length] : undefined;
      if (act.type === 'load') {
        peers.push(new Peer(`c@${++loaded}`, act.destination));
        expected.set(act.destination, expected.get(act.destination) ?? 0);
      } else if (peer !== undefined && act.type === 'count') {
        peer.counted += act.n;
        expected.set(peer.destination, (expected.get(peer.destination) ?? 0) + act.n);
      } else if (peer !== undefined && act.type === 'set') {
        peer.destination = act.destination;
        expected.set(act.destination, expected.get(act.destination) ?? 0);
      } else if (peer !== undefined) {
        peers.splice(peers.indexOf(peer), 1);
      }
      const read = totals.read(peers.map((one) => one.figures()));
      expect(new Map([...read].map(([identity, { done }]) => [identity, done]))).toEqual(expected);
      for (const [identity, { pending }] of read) {
        expect(pending).toBe(2 * peers.filter(({ destination }) => destination === identity).length);
      }
    }
  },
);

test('destinations that hooks invent without end are forgotten', () => {
  const totals = new PeerTotals();
  const peer = new Peer('c@1', '');
  for (let i = 0; i < 3_000; i++) {
    peer.destination = `p(${i})`;
    totals.read([peer.figures()]);
  }
  expect(totals.read([peer.figures()]).size).toBeLessThanOrEqual(1_001);
});
