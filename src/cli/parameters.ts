/**
 * `-p NAME=VALUE`: varnishd's parameter names and units (varnishd(1), "List of Parameters"), as far as they
 * have an effect here.
 */
import { parseDuration } from '../duration.ts';

export interface Parameters {
  /** Milliseconds; backends without a timeout of their own use these. */
  connectTimeoutMs?: number;
  firstByteTimeoutMs?: number;
  betweenBytesTimeoutMs?: number;
  /** Milliseconds that requests in flight get to end, after a discard and after SIGTERM. */
  drainTimeoutMs?: number;
  /** Milliseconds; answers that do not say otherwise have these. */
  defaultTtlMs?: number;
  defaultGraceMs?: number;
  defaultKeepMs?: number;
  maxRestarts?: number;
  maxRetries?: number;
  /** Bytes that the cache may take; set by -s. */
  cacheBytes?: number;
  /** Objects that can be denied to backends at a time. */
  saintEntries?: number;
  /** Denied objects that make a backend of a Varnish 3 program sick; 0: none do. */
  saintmodeThreshold?: number;
  /** Milliseconds without a request after which a client's connection is closed. */
  timeoutIdleMs?: number;
  /** Milliseconds that sending a response to a client may stand still. */
  sendTimeoutMs?: number;
  /** Milliseconds without a byte from either side after which a pipe or an upgraded connection ends. */
  pipeTimeoutMs?: number;
  /** Milliseconds that a fetch for the cache goes on without an answer when nobody waits for it any more. */
  abandonedFetchTimeoutMs?: number;
}

type Set = (parameters: Parameters, value: number) => void;

/** In seconds on the command line, as varnishd has them. */
const durations: Readonly<Record<string, Set>> = {
  connect_timeout: (p, ms) => {
    p.connectTimeoutMs = ms;
  },
  first_byte_timeout: (p, ms) => {
    p.firstByteTimeoutMs = ms;
  },
  between_bytes_timeout: (p, ms) => {
    p.betweenBytesTimeoutMs = ms;
  },
  default_ttl: (p, ms) => {
    p.defaultTtlMs = ms;
  },
  default_grace: (p, ms) => {
    p.defaultGraceMs = ms;
  },
  default_keep: (p, ms) => {
    p.defaultKeepMs = ms;
  },
  drain_timeout: (p, ms) => {
    p.drainTimeoutMs = ms;
  },
  timeout_idle: (p, ms) => {
    p.timeoutIdleMs = ms;
  },
  send_timeout: (p, ms) => {
    p.sendTimeoutMs = ms;
  },
  pipe_timeout: (p, ms) => {
    p.pipeTimeoutMs = ms;
  },
  abandoned_fetch_timeout: (p, ms) => {
    p.abandonedFetchTimeoutMs = ms;
  },
};

const counts: Readonly<Record<string, Set>> = {
  max_restarts: (p, n) => {
    p.maxRestarts = n;
  },
  max_retries: (p, n) => {
    p.maxRetries = n;
  },
  saint_entries: (p, n) => {
    p.saintEntries = n;
  },
  saintmode_threshold: (p, n) => {
    p.saintmodeThreshold = n;
  },
};

/** The names that `-p` takes. */
export const parameterNames = [...Object.keys(durations), ...Object.keys(counts)].sort();

/**
 * Sets one parameter.
 *
 * @param text `NAME=VALUE`; durations in seconds, or with a unit: `0.5`, `500ms`
 * @returns undefined, or a sentence that says what is wrong
 */
export function setParameter(parameters: Parameters, text: string): string | undefined {
  const separator = text.indexOf('=');
  if (separator < 0) return `-p ${text}: write -p NAME=VALUE.`;
  const name = text.slice(0, separator);
  const value = text.slice(separator + 1);
  const setDuration = durations[name];
  if (setDuration !== undefined) {
    const ms = parseDuration(/^[\d.]+$/.test(value) ? `${value}s` : value);
    if (ms === undefined) return `-p ${text}: "${value}" is no duration; write seconds, or a unit: 500ms.`;
    setDuration(parameters, ms);
    return undefined;
  }
  const setCount = counts[name];
  if (setCount === undefined) {
    return `-p ${text}: Troupe has no parameter "${name}"; it has ${parameterNames.join(', ')}.`;
  }
  if (!/^\d{1,9}$/.test(value)) return `-p ${text}: "${value}" is no whole number of at least 0.`;
  setCount(parameters, Number(value));
  return undefined;
}
