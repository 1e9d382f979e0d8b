import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plainTest } from 'vitest';
import type { ClientRequest, Scenario, ScenarioEvent } from '../../src/prove/scenario.ts';
import { simplify } from '../../src/prove/simplify.ts';

const request: ClientRequest = {
  method: 'GET',
  url: '/',
  host: 'example.com',
  fields: [],
  client: '198.51.100.7',
  times: 1,
  bodyBytes: 0,
};

function get(url: string, afterMs = 700, changes: Partial<ClientRequest> = {}): ScenarioEvent {
  return { afterMs, act: { kind: 'request', request: { ...request, url, ...changes } } };
}

function scenarioOf(...events: ScenarioEvent[]): Scenario {
  return { seed: 9, cacheControl: 'max-age=5', events };
}

const urlsOf = ({ events }: Scenario) =>
  events.map(({ act }) => (act.kind === 'request' ? act.request.url : act.kind));

test.prop([
  fc.array(fc.constantFrom('/needed', '/a', '/b'), { maxLength: 24 }),
  fc.integer({ min: 0, max: 3 }),
])('leaves exactly what the finding needs, whatever stands around it', async (urls, needed) => {
  const scenario = scenarioOf(
    ...urls.map((url) => get(url)),
    ...Array.from({ length: needed }, () => get('/needed')),
  );
  const fails = async (one: Scenario) => urlsOf(one).filter((url) => url === '/needed').length >= needed;
  const simplest = await simplify(scenario, fails, 10_000);
  expect(simplest).toEqual({
    seed: 0,
    cacheControl: undefined,
    events: Array.from({ length: needed }, () => get('/needed', 0)),
  });
});

describe('details', () => {
  plainTest('that do not matter become plain ones', async () => {
    const busy = get('/x', 4_321, { method: 'POST', times: 17, fields: ['Cookie', 'a'], bodyBytes: 16 });
    const simplest = await simplify(scenarioOf(busy), async ({ events }) => events.length > 0, 1_000);
    expect(simplest.events).toEqual([get('/', 0)]);
  });

  plainTest('that matter stay: how many, and how much later', async () => {
    const fails = async ({ events }: Scenario) => {
      const [first] = events;
      return first?.act.kind === 'request' && first.act.request.times >= 5 && first.afterMs >= 1_234;
    };
    const simplest = await simplify(scenarioOf(get('/', 60_000, { times: 32 })), fails, 1_000);
    expect(simplest.events[0]?.act).toEqual({ kind: 'request', request: { ...request, times: 5 } });
    expect(simplest.events[0]?.afterMs).toBeLessThan(5_000);
  });

  plainTest('two requests for the same page are still for the same page', async () => {
    const fails = async (one: Scenario) => {
      const [first, second] = urlsOf(one);
      return first !== undefined && first === second;
    };
    expect(urlsOf(await simplify(scenarioOf(get('/x'), get('/x')), fails, 1_000))).toEqual(['/', '/']);
  });
});

plainTest('what all requests have in common becomes plain together', async () => {
  const from = { host: 'www.example.com', client: '10.0.0.7' };
  const fails = async ({ events }: Scenario) => {
    const [first, second] = events.map(({ act }) => (act.kind === 'request' ? act.request : undefined));
    if (first === undefined || second === undefined) return false;
    return first.host === second.host && first.client === second.client;
  };
  const simplest = await simplify(scenarioOf(get('/', 0, from), get('/', 0, from)), fails, 1_000);
  expect(simplest.events).toEqual([get('/', 0), get('/', 0)]);
});

plainTest('what is taken out may leave its time behind', async () => {
  const total = ({ events }: Scenario) => events.reduce((sum, { afterMs }) => sum + afterMs, 0);
  const scenario = scenarioOf(get('/a', 5_000), get('/b', 5_000), get('/c', 5_000));
  const simplest = await simplify(
    scenario,
    async (one) => total(one) >= 15_000 && one.events.length > 0,
    1_000,
  );
  expect(simplest.events).toEqual([get('/', 15_000)]);
});

plainTest('stops after so many attempts, with the best so far', async () => {
  let attempts = 0;
  const scenario = scenarioOf(...Array.from({ length: 20 }, () => get('/')));
  const simplest = await simplify(
    scenario,
    async () => {
      attempts++;
      return false;
    },
    7,
  );
  expect([attempts, simplest]).toEqual([7, scenario]);
});
