/**
 * Durations as people write them: a number of milliseconds, or a number with one of VCL's units: '1.5s'.
 * Units are those of vcl(7), "Durations"; a year has 365 days.
 */
const msPerUnit = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const;

type Unit = keyof typeof msPerUnit;

/** Milliseconds, or a number with a unit: '500ms', '1.5s', '10m', '2h', '1d', '1w', '1y'. */
export type Duration = number | `${number}${Unit}`;

/** For a sentence about a value that is none. */
export const durationHint = "a duration such as '1.5s' or '500ms', or a number of milliseconds";

/** No exponent, as in VCL; blanks are allowed where VCL allows them. */
const written = /^\s*(\d+(?:\.\d+)?)\s*(ms|[smhdwy])\s*$/;

/**
 * Reads a duration.
 *
 * @returns milliseconds, finite and at least 0; undefined if the value is no such duration
 */
export function parseDuration(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? fromText(value) : value;
  return typeof ms === 'number' && ms >= 0 && ms < Number.POSITIVE_INFINITY ? ms : undefined;
}

function fromText(text: string): number | undefined {
  const match = written.exec(text);
  return match === null ? undefined : Number(match[1]) * msPerUnit[match[2] as Unit];
}
