/** What vmod_peer's source has beyond its manual; the manual's own examples are in test/vcl/reference. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Origin } from '../../support/origin.ts';
import { ExampleWorld } from '../reference/example-world.ts';

let world: ExampleWorld;
let neighbour: Origin;
let bodies: string[];

beforeEach(async () => {
  world = new ExampleWorld();
  neighbour = await world.origin('neighbour');
  bodies = [];
  neighbour.answer = (request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      bodies.push(`${request.url} ${body}`);
      response.end();
    });
  };
});

afterEach(() => world.close());

const program = (port: number) => `vcl 4.1;
import peer;
backend b none;
sub vcl_init { peer.set("127.0.0.1", ${port}); peer.set_threads(1, 3); peer.set_thread_maxq(50); }
sub vcl_recv {
  if (req.url == "/twice") {
    peer.lock();
    peer.enqueue_req();
    peer.enqueue_req_body("a" + req.method);
    peer.unlock();
  }
  if (req.url == "/more") { peer.set_threads(2, 5); }
  return (synth(200));
}
sub vcl_synth {
  set resp.http.Threads = peer.min_threads() + " " + peer.max_threads();
  set resp.http.Pending = peer.pending();
  return (deliver);
}`;

test('enqueue_req and enqueue_req_body queue as queue_req does, between lock and unlock or not', async () => {
  await world.serve(program(neighbour.port));
  await world.ask('/twice');
  await neighbour.until(() => bodies.length === 2);
  expect(bodies.sort()).toEqual(['/twice ', '/twice aGET']);
});

test('bounds of threads are read as they were set, and set_thread_maxq bounds the queue', async () => {
  await world.serve(program(neighbour.port));
  expect((await world.ask('/')).headers).toMatchObject({ threads: '1 3', pending: '0' });
  expect((await world.ask('/more')).headers).toMatchObject({ threads: '2 5' });
  expect(world.proxy.stats().peers[0]).toMatchObject({ minThreads: 2, maxThreads: 5, maxQueue: 50 });
});
