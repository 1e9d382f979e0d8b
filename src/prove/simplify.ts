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
  let isDone = false;
  while (!isDone && attempts < most) {
    isDone = true;
    for (const candidate of simpler(best)) {
      if (++attempts > most) break;
      if (!(await fails(candidate))) continue;
      best = candidate;
      isDone = false;
      break;
    }
  }
  return best;
}

function* simpler(scenario: Scenario): Generator<Scenario> {
  const { events } = scenario;
  // From the end: what comes after the finding goes first.
  for (let i = events.length - 1; i >= 0; i--) {
    const rest = events.filter((_, at) => at !== i);
    yield { ...scenario, events: rest };
    const [gone, next] = [events[i], events[i + 1]];
    if (gone === undefined || next === undefined || gone.afterMs === 0) continue;
    const afterMs = gone.afterMs + next.afterMs;
    yield { ...scenario, events: rest.map((one, at) => (at === i ? { ...one, afterMs } : one)) };
  }
  if (scenario.cacheControl !== undefined) yield { ...scenario, cacheControl: undefined };
  if (scenario.seed !== 0) yield { ...scenario, seed: 0 };
  for (const [i, event] of events.entries()) {
    for (const changed of simplerEvents(event)) {
      yield { ...scenario, events: events.map((one, at) => (at === i ? changed : one)) };
    }
  }
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

const plain: Partial<ClientRequest> = {
  method: 'GET',
  url: '/',
  host: 'example.com',
  client: '198.51.100.7',
  times: 1,
};

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
