/**
 * Takes out of a scenario what its finding does not need: event by event, then detail by detail, until nothing can go.
 * fast-check has made it small by then; this makes sure that every line of a story matters.
 */
import type { Act, ClientRequest, Scenario, ScenarioEvent } from './scenario.ts';

/**
 * @param fails whether a scenario still shows the same
 * @param most attempts
 * @returns a scenario for which `fails`
 */
export async function simplify(
  scenario: Scenario,
  fails: (candidate: Scenario) => Promise<boolean>,
  most: number,
): Promise<Scenario> {
  let best = scenario;
  let attempts = 0;
  const take = async (candidate: Scenario): Promise<boolean> => {
    if (attempts >= most) return false;
    attempts++;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let isDone = false; !isDone && attempts < most; ) {
    const before = best;
    for (let size = Math.max(1, best.events.length >> 1); size >= 1; size >>= 1) {
      // From the end: what comes after the finding goes first.
      for (let end = best.events.length; end > 0; end -= size) {
        const from = Math.max(0, end - size);
        if (!(await take(without(best, from, end, false)))) await take(without(best, from, end, true));
      }
    }
    for (let isSimpler = true; isSimpler; ) {
      isSimpler = false;
      for (const candidate of simpler(best)) {
        isSimpler = await take(candidate);
        if (isSimpler) break;
      }
    }
    isDone = best === before;
  }
  return best;
}

/** @param keepsTime whether what follows comes when it came before */
function without(scenario: Scenario, from: number, end: number, keepsTime: boolean): Scenario {
  const { events } = scenario;
  const next = events[end];
  const gone = events.slice(from, end).reduce((sum, { afterMs }) => sum + afterMs, 0);
  const rest = events.slice(end + 1);
  const follow = next === undefined ? [] : [{ ...next, afterMs: next.afterMs + (keepsTime ? gone : 0) }];
  return { ...scenario, events: [...events.slice(0, from), ...follow, ...rest] };
}

function* simpler(scenario: Scenario): Generator<Scenario> {
  const { events } = scenario;
  if (scenario.cacheControl !== undefined) yield { ...scenario, cacheControl: undefined };
  if (scenario.seed !== 0) yield { ...scenario, seed: 0 };
  const requests = events.flatMap(({ act }) => (act.kind === 'request' ? [act.request] : []));
  // Requests that are about the same page, or from the same client, must stay so.
  for (const url of new Set(requests.map((one) => one.url))) {
    if (url !== PLAIN_URL) yield { ...scenario, events: events.map((event) => withPlainUrl(event, url)) };
  }
  for (const key of ['host', 'client'] as const) {
    for (const value of new Set(requests.map((one) => one[key]))) {
      if (value === plain[key]) continue;
      yield { ...scenario, events: events.map((event) => withPlain(event, key, value)) };
    }
  }
  for (const [i, event] of events.entries()) {
    for (const changed of simplerEvents(event)) {
      yield { ...scenario, events: events.map((one, at) => (at === i ? changed : one)) };
    }
    const next = events[i + 1];
    if (event.afterMs > 0 && next !== undefined) yield { ...scenario, events: withLater(events, i) };
  }
}

/** Waits after an event in place of before it. */
function withLater(events: readonly ScenarioEvent[], earlier: number): ScenarioEvent[] {
  const waited = events[earlier]?.afterMs ?? 0;
  return events.map((event, at) => {
    if (at === earlier) return { ...event, afterMs: 0 };
    return at === earlier + 1 ? { ...event, afterMs: event.afterMs + waited } : event;
  });
}

function withPlainUrl(event: ScenarioEvent, url: string): ScenarioEvent {
  const { act } = event;
  if (act.kind === 'request' && act.request.url === url) {
    return { ...event, act: { ...act, request: { ...act.request, url: PLAIN_URL } } };
  }
  if (act.kind === 'fault' && 'url' in act.fault && act.fault.url === url) {
    return { ...event, act: { ...act, fault: { ...act.fault, url: PLAIN_URL } } };
  }
  return event;
}

function withPlain(event: ScenarioEvent, key: 'host' | 'client', value: string): ScenarioEvent {
  const { act } = event;
  if (act.kind !== 'request' || act.request[key] !== value) return event;
  return { ...event, act: { ...act, request: { ...act.request, [key]: plain[key] } } };
}

function* simplerEvents(event: ScenarioEvent): Generator<ScenarioEvent> {
  for (const act of simplerActs(event.act)) yield { ...event, act };
  for (const afterMs of shorter(event.afterMs)) yield { ...event, afterMs };
}

function* simplerActs(act: Act): Generator<Act> {
  if (act.kind === 'request') {
    for (const request of simplerRequests(act.request)) yield { ...act, request };
  } else if (act.kind === 'fault') {
    if (act.forMs !== undefined) yield { ...act, forMs: undefined };
    if (act.fault.kind !== 'refuses') yield { ...act, fault: { kind: 'refuses' } };
  }
}

const PLAIN_URL = '/';
const plain = {
  method: 'GET',
  url: PLAIN_URL,
  host: 'example.com',
  client: '198.51.100.7',
  times: 1,
} as const satisfies Partial<ClientRequest>;

function* simplerRequests(request: ClientRequest): Generator<ClientRequest> {
  if (request.fields.length > 0) yield { ...request, fields: [] };
  for (const [name, value] of Object.entries(plain)) {
    if (request[name as keyof ClientRequest] !== value)
      yield { ...request, [name]: value, ...bodyFor(name, request) };
  }
  if (request.times > 2) yield { ...request, times: Math.ceil(request.times / 2) };
  if (request.times > 1) yield { ...request, times: request.times - 1 };
}

/** What becomes a GET has no body. */
function bodyFor(name: string, { bodyBytes }: ClientRequest): Partial<ClientRequest> {
  return name === 'method' ? { bodyBytes: 0 } : { bodyBytes };
}

/** Half of it, and the round numbers below it, the least first. */
function shorter(ms: number): number[] {
  const half = Math.floor(ms / 200) * 100;
  return [...new Set([0, 100, 1_000, half, Math.floor(ms / 1_000) * 1_000])].filter((one) => one < ms);
}
