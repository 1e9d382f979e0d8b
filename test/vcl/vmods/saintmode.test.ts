import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Origin } from '../../support/origin.ts';
import { ExampleWorld } from '../reference/example-world.ts';

let world: ExampleWorld;
let bad: Origin;
let good: Origin;

beforeEach(async () => {
  world = new ExampleWorld();
  bad = await world.origin('bad');
  good = await world.origin('good');
  bad.answer = (_request, response) => response.writeHead(500).end('bad');
  await world.serve(`vcl 4.1;
import saintmode; import directors;
backend b0 { .host = "127.0.0.1"; .port = "${bad.port}"; }
backend b1 { .host = "127.0.0.1"; .port = "${good.port}"; }
sub vcl_init {
  new sm0 = saintmode.saintmode(b0, 2);
  new sm1 = saintmode.saintmode(b1, 10);
  new first = directors.fallback(); first.add_backend(sm0.backend()); first.add_backend(sm1.backend());
}
sub vcl_recv {
  if (req.url == "/status") { return (synth(200)); }
  set req.backend_hint = first.backend();
  return (pass);
}
sub vcl_backend_response {
  if (beresp.status == 500) {
    if (bereq.url ~ "^/deny") { saintmode.denylist(60s); } else { saintmode.blacklist(60s); }
    return (retry);
  }
}
sub vcl_synth {
  set resp.http.Counts = sm0.blacklist_count() + " " + sm0.denylist_count() + " " + sm1.blacklist_count();
  set resp.http.Healthy = sm0.is_healthy() + " " + sm1.is_healthy();
  synthetic(saintmode.status());
  return (deliver);
}`);
});

afterEach(() => world.close());

async function status() {
  const { body, headers } = await world.ask('/status');
  return {
    counts: headers['counts'],
    healthy: headers['healthy'],
    ...(JSON.parse(body) as { saintmode: unknown }),
  };
}

describe('vmod saintmode', () => {
  test('tells how many objects are denied to which backend, and who is healthy', async () => {
    expect(await status()).toMatchObject({ counts: '0 0 0', healthy: 'true true' });
    for (const url of ['/a', '/a']) expect((await world.ask(url)).body).toBe('good');
    expect(await status()).toMatchObject({ counts: '1 1 0', healthy: 'true true' });
    expect((await world.ask('/deny')).body).toBe('good');
    expect(await status()).toEqual({
      counts: '2 2 0',
      healthy: 'false true',
      saintmode: [
        { name: 'sm0', backend: 'b0', count: '2', threshold: '2' },
        { name: 'sm1', backend: 'b1', count: '0', threshold: '10' },
      ],
    });
    // One request each: the second /a was not sent to it again, and what is sick for all is not asked.
    await world.ask('/b');
    expect(bad.requests.length).toBe(2);
  });
});
