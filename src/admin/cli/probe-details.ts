/**
 * The latest 64 probes of a backend as `backend.list -p` has them: a line for each kind of result that there was,
 * the newest at the right.
 */
import type { PollerContext } from '../../actors/poller.ts';
import { HISTORY_LENGTH, type ProbeRecord, recordsOf } from '../../actors/probe-window.ts';

/** varnishd's letters, in its order; `isAlways`: the line is there even if nothing stands on it. */
const kinds: readonly {
  readonly letter: string;
  readonly title: string;
  readonly isAlways?: true;
  had(record: ProbeRecord): boolean;
}[] = [
  { letter: '4', title: 'Good IPv4', had: ({ flags }) => flags.goodIpv4 },
  { letter: '6', title: 'Good IPv6', had: ({ flags }) => flags.goodIpv6 },
  { letter: 'U', title: 'Good UNIX', had: ({ flags }) => flags.goodUnix },
  { letter: 'x', title: 'Error Xmit', had: ({ flags }) => flags.errXmit },
  { letter: 'X', title: 'Good Xmit', had: ({ flags }) => flags.goodXmit },
  { letter: 'r', title: 'Error Recv', had: ({ flags }) => flags.errRecv },
  { letter: 'R', title: 'Good Recv', had: ({ flags }) => flags.goodRecv },
  { letter: 'H', title: 'Happy', isAlways: true, had: ({ happy }) => happy },
];

/** Oldest first. Probes that `initial` stands for were happy, and nothing else. */
function bitsOf({
  history,
}: PollerContext): { letter: string; title: string; isShown: boolean; bits: string }[] {
  const records = recordsOf(history);
  return kinds.map(({ letter, title, isAlways, had }) => {
    const assumed = (letter === 'H' ? '1' : '0').repeat(history?.credit ?? 0);
    const known = records.map((record) => (had(record) ? '1' : '0')).join('');
    const bits = `${assumed}${known}`.slice(-HISTORY_LENGTH).padStart(HISTORY_LENGTH, '0');
    return { letter, title, isShown: isAlways === true || bits.includes('1'), bits };
  });
}

/** Lines without line ends. */
export function probeDetails(poller: PollerContext): readonly string[] {
  const { good = 0 } = poller.conclusion ?? {};
  const { threshold = 0, window = 0 } = poller.elected?.probe ?? {};
  const two = (number: number) => String(number).padStart(2);
  return [
    ` Current states  good: ${two(good)} threshold: ${two(threshold)} window: ${two(window)}`,
    `  Average response time of good probes: ${((poller.history?.averageMs ?? 0) / 1_000).toFixed(6)}`,
    '  Oldest ================================================== Newest',
    ...bitsOf(poller)
      .filter(({ isShown }) => isShown)
      .map(({ letter, title, bits }) => `  ${bits.replaceAll('0', '-').replaceAll('1', letter)} ${title}`),
  ];
}

/** Members of a JSON object, each in JSON; the bits are numbers of 64 bits, the newest probe the lowest. */
export function probeDetailsInJson(poller: PollerContext): readonly string[] {
  const { good = 0 } = poller.conclusion ?? {};
  const { threshold = 0, window = 0 } = poller.elected?.probe ?? {};
  return [
    ...bitsOf(poller).map(({ letter, bits }) => `"bits_${letter}": ${BigInt(`0b${bits}`)}`),
    `"good": ${good}`,
    `"threshold": ${threshold}`,
    `"window": ${window}`,
  ];
}
