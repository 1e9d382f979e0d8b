/**
 * Which values an option may have, the same for both front ends. Limits are those of varnishd 7.1.1's VCL
 * compiler (vcc_backend.c) where it has any.
 */
import { isIP } from 'node:net';
import {
  type BackendDeclaration,
  type Endpoint,
  type FetchLimits,
  MOST_PEER_THREADS,
  type PeerDeclaration,
  type ProbeDeclaration,
  type SaintmodeDeclaration,
} from './declaration.ts';
import { showValue } from './show-value.ts';

export interface ValueMistake {
  /** The option, by its name in TypeScript. */
  readonly path: readonly (string | number)[];
  /** `port must be between 1 and 65535, but is 70000.` */
  readonly message: string;
  readonly advice?: string;
}

/** Probes are kept in 64 bits. */
const LONGEST_WINDOW = 64;
/** Milliseconds; Node's timers hold no more (2³¹ - 1, nearly 25 days). */
const LONGEST_WAIT_MS = 2_147_483_647;

export function* checkBackend({
  endpoint,
  hostHeader,
  limits,
  probe,
}: BackendDeclaration): Generator<ValueMistake> {
  yield* checkEndpoint(endpoint);
  const isTheHost = endpoint.kind === 'tcp' && hostHeader === endpoint.host;
  if (!isTheHost && !isFieldValue(hostHeader)) {
    yield must(['hostHeader'], 'be a host, without blanks and control characters', hostHeader);
  }
  yield* checkLimits(limits);
  if (probe !== undefined) {
    for (const mistake of checkProbe(probe)) {
      const path = ['probe', ...mistake.path];
      yield { ...mistake, path, message: `probe.${mistake.message}` };
    }
  }
}

export function* checkSaintmode({ threshold }: SaintmodeDeclaration): Generator<ValueMistake> {
  if (!isCount(threshold)) {
    const mistake = must(['threshold'], 'be a whole number from 0', threshold);
    yield { ...mistake, advice: 'With 0, the number of denied objects does not matter.' };
  }
}

export function* checkPeer(peer: PeerDeclaration): Generator<ValueMistake> {
  const { destination, minThreads, maxThreads, timeoutMs, connectTimeoutMs, maxQueue, retries } = peer;
  if (destination !== undefined) yield* checkEndpoint({ kind: 'tcp', ...destination });
  const inRange = (count: number) => Number.isInteger(count) && count >= 1 && count <= MOST_PEER_THREADS;
  if (!inRange(minThreads) || !inRange(maxThreads)) {
    const message = `threads must be whole numbers between 1 and ${MOST_PEER_THREADS}, but is [${minThreads}, ${maxThreads}].`;
    yield { path: ['threads'], message };
  } else if (minThreads > maxThreads) {
    const message = `threads must be the least number before the most, but is [${minThreads}, ${maxThreads}].`;
    yield { path: ['threads'], message };
  }
  yield* checkWait('timeout', timeoutMs);
  yield* checkWait('connectTimeout', connectTimeoutMs);
  if (!isCount(maxQueue) || maxQueue === 0) yield must(['maxQueue'], 'be a whole number from 1', maxQueue);
  if (!isCount(retries)) yield must(['retries'], 'be a whole number from 0', retries);
}

function* checkEndpoint(endpoint: Endpoint): Generator<ValueMistake> {
  if (endpoint.kind === 'unix') {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what must not be there
    if (!/^\/[^\x00]+$/.test(endpoint.path)) yield must(['path'], 'be an absolute path', endpoint.path);
    return;
  }
  const { host, port } = endpoint;
  if (isIP(host) === 0 && !/^[^\s/:?#@[\]]+$/.test(host)) {
    const mistake = must(['host'], 'be a name or an address alone', host);
    yield {
      ...mistake,
      advice: 'The port stands in port, and there is no scheme: backends are asked over HTTP.',
    };
  }
  if (!(port >= 1 && port <= 65_535)) yield must(['port'], 'be between 1 and 65535', port);
  else if (!Number.isInteger(port)) yield must(['port'], 'be a whole number', port);
}

function* checkLimits(limits: Partial<FetchLimits>): Generator<ValueMistake> {
  const {
    connectTimeoutMs,
    firstByteTimeoutMs,
    betweenBytesTimeoutMs,
    maxConnections,
    waitLimit,
    waitTimeoutMs,
  } = limits;
  yield* checkWait('connectTimeout', connectTimeoutMs);
  yield* checkWait('firstByteTimeout', firstByteTimeoutMs);
  yield* checkWait('betweenBytesTimeout', betweenBytesTimeoutMs);
  if (maxConnections !== undefined && !isCount(maxConnections)) {
    yield must(['maxConnections'], 'be a whole number from 0, which means no limit', maxConnections);
  }
  if (waitLimit !== undefined && !isCount(waitLimit)) {
    yield must(['waitLimit'], 'be a whole number from 0, which lets nobody wait', waitLimit);
  }
  yield* checkWait('waitTimeout', waitTimeoutMs);
}

function* checkProbe(probe: ProbeDeclaration): Generator<ValueMistake> {
  const { url, request, expectedResponse, timeoutMs, intervalMs, initial, window, threshold } = probe;
  if (!/^(\/|https?:\/\/)\S*$/.test(url) || !isFieldValue(url))
    yield must(['url'], 'be a path that begins with /', url);
  if (request !== undefined) yield* checkRequest(request);
  if (!Number.isInteger(expectedResponse) || expectedResponse < 100 || expectedResponse > 999) {
    yield must(['expectedResponse'], 'be a status between 100 and 999', expectedResponse);
  }
  yield* checkWait('timeout', timeoutMs);
  yield* checkWait('interval', intervalMs);
  const windowIsRight = Number.isInteger(window) && window >= 1 && window <= LONGEST_WINDOW;
  const thresholdIsRight = Number.isInteger(threshold) && threshold >= 1 && threshold <= LONGEST_WINDOW;
  if (!thresholdIsRight)
    yield must(['threshold'], `be a whole number between 1 and ${LONGEST_WINDOW}`, threshold);
  else if (windowIsRight && threshold > window) {
    const message = `threshold must be at most window, but is ${threshold}, and window is ${window}.`;
    yield { path: ['threshold'], message, advice: 'No backend could ever have that many good probes.' };
  }
  // A window that follows from the threshold is wrong with it.
  if (!windowIsRight && thresholdIsRight) {
    yield must(['window'], `be a whole number between 1 and ${LONGEST_WINDOW}`, window);
  }
  if (thresholdIsRight && !isCount(initial)) yield must(['initial'], 'be a whole number from 0', initial);
}

function* checkRequest(lines: readonly string[]): Generator<ValueMistake> {
  const wrong = lines.find((line) => !isLine(line));
  if (lines.length === 0 || lines[0] === '') {
    yield { path: ['request'], message: "request must begin with a request line, such as 'GET / HTTP/1.1'." };
  } else if (wrong !== undefined) {
    yield must(['request'], 'be lines without control characters', wrong);
  }
}

export function* checkWait(option: string, ms: number | undefined): Generator<ValueMistake> {
  if (ms === undefined) return;
  if (!(ms > 0)) yield { path: [option], message: `${option} must be longer than 0, but is ${ms} ms.` };
  else if (ms > LONGEST_WAIT_MS)
    yield { path: [option], message: `${option} must be at most 24 days, but is ${ms} ms.` };
}

export function must(path: readonly (string | number)[], rule: string, value: unknown): ValueMistake {
  return { path, message: `${path.join('.')} must ${rule}, but is ${showValue(value)}.` };
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isLine(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the line, or smuggle another in
  return !/[\x00-\x08\x0a-\x1f\x7f]/.test(text);
}

function isFieldValue(text: string): boolean {
  return text !== '' && isLine(text) && !/\s/.test(text);
}
