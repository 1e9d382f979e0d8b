/** Requests made by chance, of the words that a config names. */
import fc, { type Arbitrary } from 'fast-check';
import type { Dictionary } from './dictionary.ts';
import type { ClientRequest, ScenarioEvent } from './scenario.ts';

/** Clients at the same time, at most: more than a limit that was set by mistake, fewer than a real one. */
const MOST_AT_ONCE = 32;

interface Page {
  readonly url: string;
  readonly host: string;
}

/** An event that is about that page: what is kept, purged, denied or broken is often met again there only. */
export function about({ url, host }: Page, { afterMs, act }: ScenarioEvent): ScenarioEvent {
  if (act.kind === 'request') return { afterMs, act: { ...act, request: { ...act.request, url, host } } };
  if (act.kind === 'fault' && 'url' in act.fault) {
    return { afterMs, act: { ...act, fault: { ...act.fault, url: url.replace(/\?.*/, '') } } };
  }
  return { afterMs, act };
}

export function pages({ urls, hosts }: Dictionary): Arbitrary<Page> {
  const url = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('/', '/a', '/b') },
    ...(urls.length === 0 ? [] : [{ weight: 5, arbitrary: urlsOf(urls) }]),
  );
  const host = fc.oneof(
    { weight: 6, arbitrary: fc.constant('example.com') },
    ...(hosts.length === 0 ? [] : [{ weight: 6, arbitrary: fc.constantFrom(...hosts) }]),
    { weight: 1, arbitrary: fc.constant('Example.COM') },
  );
  return fc.record({ url, host });
}

export function requests(dictionary: Dictionary): Arbitrary<ClientRequest> {
  const { methods, fields, likelyFields, clients } = dictionary;
  const method = fc.oneof(
    { weight: 12, arbitrary: fc.constant('GET') },
    { weight: 1, arbitrary: fc.constant('HEAD') },
    { weight: 2, arbitrary: fc.constant('POST') },
    ...(methods.length === 0 ? [] : [{ weight: 4, arbitrary: fc.constantFrom(...methods) }]),
  );
  const none: readonly string[] = [];
  const pair = (from: Dictionary['fields']) => fc.constantFrom(...from).map(([name, value]) => [name, value]);
  const field = fc.oneof(
    { weight: 4, arbitrary: fc.constant(none) },
    ...(likelyFields.length === 0 ? [] : [{ weight: 3, arbitrary: pair(likelyFields) }]),
    ...(fields.length === 0 ? [] : [{ weight: 1, arbitrary: pair(fields) }]),
  );
  const times = fc.oneof(
    { weight: 8, arbitrary: fc.constant(1) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: MOST_AT_ONCE }) },
  );
  const client = fc.oneof(
    { weight: 3, arbitrary: fc.constant('198.51.100.7') },
    ...(clients.length === 0 ? [] : [{ weight: 3, arbitrary: fc.constantFrom(...clients) }]),
  );
  const page = pages(dictionary);
  return fc.record({ method, page, fields: field, client, times }).map(({ page: { url, host }, ...one }) => ({
    ...one,
    url,
    host,
    bodyBytes: one.method === 'POST' ? 16 : 0,
  }));
}

/** A path that is named, or one below it. */
function urlsOf(urls: readonly string[]): Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...urls),
      fc.oneof({ weight: 4, arbitrary: fc.constant('') }, fc.constantFrom('/x', '?q=1')),
    )
    .map(([url, more]) => (url.endsWith('/') && more.startsWith('/') ? url + more.slice(1) : url + more));
}
