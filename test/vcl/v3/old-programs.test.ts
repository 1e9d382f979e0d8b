/**
 * Programs of Varnish 3 do over real sockets what its manual says, as they are and as `check --upgrade` prints them,
 * and varnishd 7.1 does the same with what is printed.
 */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { needVarnishd } from '../../support/varnishd.ts';
import { OldWorld, ways } from './old-world.ts';

let world: OldWorld | undefined;

afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** One test for each way. */
function eachWay(name: string, program: string, story: (world: OldWorld) => Promise<void>): void {
  describe(name, () => {
    for (const way of ways) {
      test(`${way}: ${name}`, { timeout: 60_000 }, async (context) => {
        if (way === 'upgraded, in varnishd') needVarnishd(context);
        world = await OldWorld.serve(program, way);
        await story(world);
      });
    }
  });
}

function cacheable(response: ServerResponse, body: string): void {
  response.setHeader('Cache-Control', 'max-age=100');
  response.end(body);
}

eachWay(
  'error, in all its forms, and vcl_error',
  `BACKENDS
  sub vcl_recv {
    if (req.url == "/both") { error 700 "In words"; }
    if (req.url == "/comma") { error 701, "With a comma"; }
    if (req.url == "/call") { error(702, "As a call"); }
    if (req.url == "/long") { error 703 "a" + req.url + "b"; }
    if (req.url == "/code") { error 404; }
    if (req.url == "/code-call") { error(405); }
    if (req.url == "/return") { return (error); }
    if (req.url == "/closed") { set req.backend = b3; }
    if (req.url == "/b2") { set req.backend = b2; }
    return (pass);
  }
  backend b3 { .host = "127.0.0.1"; .port = "CLOSED"; }
  sub vcl_error {
    set obj.http.X-Seen = obj.status + " " + obj.response;
    if (req.url == "/long") {
      set obj.status = 203;
      set obj.response = "Changed";
      synthetic {"never seen"};
      synthetic {"made of "} + obj.status + {" "pieces""};
      return (deliver);
    }
    if (obj.status == 503 && req.restarts == 0 && req.url == "/closed") {
      set req.url = "/b2";
      return (restart);
    }
  }`,
  async (w) => {
    expect(await w.ask('/both')).toMatchObject({ status: 700, reason: 'In words' });
    expect(await w.ask('/comma')).toMatchObject({ status: 701, reason: 'With a comma' });
    expect(await w.ask('/call')).toMatchObject({ status: 702, reason: 'As a call' });
    expect(await w.ask('/long')).toMatchObject({
      status: 203,
      reason: 'Changed',
      headers: { 'x-seen': '703 a/longb' },
      body: 'made of 203 "pieces"',
    });
    const notFound = await w.ask('/code');
    expect(notFound).toMatchObject({ status: 404, reason: 'Not Found', headers: { 'retry-after': '5' } });
    expect(notFound.body).toContain('<h1>Error 404 Not Found</h1>');
    expect(await w.ask('/code-call')).toMatchObject({ status: 405 });
    expect(await w.ask('/return')).toMatchObject({ status: 501 });
    // A backend that does not answer comes to vcl_error, too.
    expect(await w.ask('/closed')).toMatchObject({ status: 200, body: '2' });
    expect(w.seenBy(w.two)).toEqual(['GET /b2']);
  },
);

eachWay(
  'restart and error in vcl_fetch',
  `BACKENDS
  sub vcl_recv {
    if (req.restarts > 0) { set req.backend = b2; set req.http.X-Again = req.restarts; }
    return (lookup);
  }
  sub vcl_fetch {
    if (beresp.status == 500 && req.restarts < 1) { return (restart); }
    if (beresp.status == 501) { error 404 "No such thing: " + req.url; }
    if (beresp.status == 502) { error 750; }
    return (deliver);
  }
  sub vcl_error { if (obj.status == 750) { set obj.status = 200; set obj.response = "Fine"; } }
  sub vcl_deliver { set resp.http.X-Restarts = req.restarts; }`,
  async (w) => {
    w.one.answer = (request, response) => {
      response.statusCode = Number(request.url?.slice(1, 4));
      // Nobody's business but ours.
      response.setHeader('X-Varnish3-Restart', '1');
      response.setHeader('X-Varnish3-Status', '799');
      cacheable(response, '1');
    };
    w.two.answer = (request, response) => {
      response.statusCode = request.url === '/500/twice' ? 500 : 200;
      cacheable(response, '2');
    };
    const restarted = await w.ask('/500');
    expect(restarted).toMatchObject({ status: 200, body: '2', headers: { 'x-restarts': '1' } });
    expect(w.two.requests[0]?.headers).toMatchObject({ 'x-again': '1' });
    expect(await w.ask('/500/twice')).toMatchObject({ status: 500, body: '2' });
    expect(await w.ask('/501')).toMatchObject({ status: 404, reason: 'No such thing: /501' });
    expect(await w.ask('/502')).toMatchObject({ status: 200, reason: 'Fine' });
    const plain = await w.ask('/200');
    expect(plain).toMatchObject({ status: 200, body: '1', headers: { 'x-restarts': '0' } });
    // What was restarted is kept under its name, and what failed is not.
    expect(await w.ask('/500')).toMatchObject({ body: '2' });
    await w.ask('/501');
    expect(w.seenBy(w.one).filter((line) => line === 'GET /501')).toHaveLength(2);
    expect(w.seenBy(w.two).filter((line) => line === 'GET /500')).toHaveLength(1);
  },
);

eachWay(
  "what Varnish 3's built-in VCL does",
  `backend b1 { .host = "127.0.0.1"; .port = "PORT1"; }
  sub vcl_fetch { if (beresp.http.X-Pass) { set beresp.ttl = 60s; return (hit_for_pass); } }
  sub vcl_deliver { set resp.http.X-Hits = obj.hits; }`,
  async (w) => {
    w.one.answer = (request, response) => {
      if (request.url === '/private') response.setHeader('Cache-Control', 'private, max-age=100');
      else if (request.url === '/cookie') response.setHeader('Set-Cookie', 'a=b');
      else if (request.url === '/pass') response.setHeader('X-Pass', '1');
      if (request.url === '/private') response.end('1');
      else cacheable(response, '1');
    };
    const twice = async (url: string, method?: string, headers?: Record<string, string>) => {
      const before = w.one.requests.length;
      await w.ask(url, method, headers);
      await w.ask(url, method, headers);
      return w.one.requests.length - before;
    };
    expect(await twice('/plain')).toBe(1);
    // Later ones look at Cache-Control themselves.
    expect(await twice('/private')).toBe(1);
    expect(await twice('/cookie')).toBe(2);
    expect(await twice('/pass')).toBe(2);
    expect(await twice('/asked', 'GET', { Cookie: 'a=b' })).toBe(2);
    expect(await twice('/asked', 'GET', { Authorization: 'Basic abc' })).toBe(2);
    expect(await twice('/posted', 'POST')).toBe(2);
    expect(await twice('/plain')).toBe(0);
    // It is not known to Varnish 3, which does not pass it but pipes it.
    const piped = await w.ask('/patched', 'PATCH');
    expect(piped.headers).not.toHaveProperty('x-hits');
    expect(piped.headers).not.toHaveProperty('via');
  },
);

eachWay(
  'saintmode',
  `BACKENDS
  backend off { .host = "127.0.0.1"; .port = "PORT1"; .saintmode_threshold = 0; }
  director app fallback { { .backend = b1; } { .backend = b2; } }
  director never fallback { { .backend = off; } { .backend = b2; } }
  sub vcl_recv {
    set req.backend = app;
    if (req.url ~ "^/never") { set req.backend = never; }
    return (lookup);
  }
  sub vcl_fetch {
    if (beresp.status == 500) {
      set beresp.saintmode = 20s;
      if (req.restarts == 0) { return (restart); }
    }
    set beresp.saintmode = 0s;
    set beresp.saintmode = 1s - 2s;
    set beresp.ttl = 0s;
    return (deliver);
  }`,
  async (w) => {
    w.one.answer = (request, response) => {
      if (request.url?.includes('broken')) response.statusCode = 500;
      response.end('1');
    };
    expect(await w.ask('/broken')).toMatchObject({ status: 200, body: '2' });
    expect(await w.ask('/broken')).toMatchObject({ status: 200, body: '2' });
    expect(await w.ask('/fine')).toMatchObject({ status: 200, body: '1' });
    expect(w.seenBy(w.one)).toEqual(['GET /broken', 'GET /fine']);
    // Without a list it fails again and again.
    expect(await w.ask('/never/broken')).toMatchObject({ status: 500, body: '1' });
    // Ten objects, and it is asked for none.
    for (let count = 1; count < 10; count++) await w.ask(`/broken/${count}`);
    expect(await w.ask('/as/fine')).toMatchObject({ status: 200, body: '2' });
  },
);

eachWay(
  'directors',
  `backend b1 { .host = "127.0.0.1"; .port = "PORT1"; }
  director turns round-robin {
    { .backend = b1; }
    { .backend = { .host = "127.0.0.1"; .port = "PORT2"; } }
  }
  director chance random { .retries = 5; { .backend = b1; .weight = 1; } { .backend = b2; .weight = 1; } }
  director byhash hash { { .backend = b1; .weight = 1; } { .backend = b2; .weight = 1; } }
  director byclient client { { .backend = b1; .weight = 1; } { .backend = b2; .weight = 1; } }
  director first fallback { { .backend = b3; } { .backend = b2; } { .backend = b1; } }
  backend b2 { .host = "127.0.0.1"; .port = "PORT2"; }
  backend b3 { .host = "127.0.0.1"; .port = "CLOSED"; .probe = { .url = "/"; .interval = 60s; .initial = 0; } }
  sub vcl_recv {
    if (req.url == "/turns") { set req.backend = turns; }
    elsif (req.url == "/chance") { set req.backend = chance; }
    elseif (req.url ~ "^/byhash") { set req.backend = byhash; }
    else if (req.url == "/byclient") { set client.identity = req.http.X-Who; set req.backend = byclient; }
    else if (req.url == "/first") { set req.backend = first; }
    if (req.url == "/sick") { set req.backend = b3; if (!req.backend.healthy) { error 750 "Sick"; } }
    return (pass);
  }`,
  async (w) => {
    expect(await w.answers('/', 2)).toBe('11');
    expect([...(await w.answers('/turns', 4))].sort().join('')).toBe('1122');
    expect(new Set(await w.answers('/chance', 60))).toEqual(new Set('12'));
    expect(await w.answers('/first', 2)).toBe('22');
    expect(await w.ask('/sick')).toMatchObject({ status: 750 });
    const byHash = new Set<string>();
    const byClient = new Set<string>();
    for (let user = 0; user < 20; user++) {
      byHash.add(await w.answers(`/byhash/${user}`, 2));
      byClient.add(await w.answers('/byclient', 2, { 'X-Who': `user ${user}` }));
    }
    expect(byHash).toEqual(new Set(['11', '22']));
    expect(byClient).toEqual(new Set(['11', '22']));
  },
);

eachWay(
  'a director that is declared first, or called default, is where requests go',
  `director app round-robin { { .backend = { .host = "127.0.0.1"; .port = "PORT2"; } } }
  director default round-robin { { .backend = b1; } }
  backend b1 { .host = "127.0.0.1"; .port = "PORT1"; }
  sub vcl_recv {
    if (req.url == "/app") { set req.backend = app; }
    if (req.url == "/again" && req.restarts == 0) { set req.backend = app; }
    return (pass);
  }
  sub vcl_deliver { if (req.url == "/again" && req.restarts == 0) { return (restart); } }`,
  async (w) => {
    expect(await w.answers('/', 2)).toBe('11');
    expect(await w.answers('/app', 2)).toBe('22');
    // A restart begins with the default again.
    expect(await w.answers('/again', 1)).toBe('1');
  },
);

eachWay(
  'purge, remove, and what is set on the way to a backend',
  `backend b1 { .host = "127.0.0.1"; .port = "PORT1"; }
  acl purge { "127.0.0.1"; }
  import std;
  sub vcl_recv {
    call shape;
    if (req.request == "PURGE") {
      if (!client.ip ~ purge) { error 405 "Not allowed."; }
      return (lookup);
    }
    remove req.http.X-Secret;
    if (req.url ~ "^/pass") { return (pass); }
    return (lookup);
  }
  sub shape { set req.http.X-Shape = req.request + " " + req.url; }
  sub vcl_hash { hash_data(req.url); return (hash); }
  sub vcl_hit { if (req.request == "PURGE") { purge; error 200 "Purged."; } }
  sub vcl_miss {
    if (req.request == "PURGE") { purge; error 404 "Not in cache."; }
    set bereq.http.X-Miss = bereq.request + " " + bereq.url;
    set bereq.first_byte_timeout = 5s;
  }
  sub vcl_pass {
    if (bereq.request == "POST") { set bereq.request = "PUT"; }
    set bereq.http.X-Pass = "1";
    unset bereq.http.X-Client;
    set bereq.connect_timeout = 1s + 1s;
    return (pass);
  }
  sub vcl_fetch { call mark; set beresp.http.X-Fetch = req.request + " " + req.url + " " + client.ip; }
  sub mark { set beresp.http.X-Backend = beresp.backend.name; set beresp.ttl = 100 s; }
  sub vcl_deliver { call shape; set resp.http.X-Shape = req.http.X-Shape; }`,
  async (w) => {
    const first = await w.ask('/a', 'GET', { 'X-Secret': 's', 'X-Client': 'c' });
    expect(first.headers).toMatchObject({
      'x-fetch': 'GET /a 127.0.0.1',
      'x-backend': 'b1',
      'x-shape': 'GET /a',
    });
    expect(w.one.requests[0]?.headers).toMatchObject({ 'x-miss': 'GET /a', 'x-client': 'c' });
    expect(w.one.requests[0]?.headers).not.toHaveProperty('x-secret');
    await w.ask('/a');
    expect(w.one.requests).toHaveLength(1);
    expect(await w.ask('/a', 'PURGE')).toMatchObject({ status: 200, reason: 'Purged.' });
    expect(await w.ask('/a', 'PURGE')).toMatchObject({ status: 404, reason: 'Not in cache.' });
    await w.ask('/a');
    expect(w.one.requests).toHaveLength(2);
    expect(await w.ask('/pass', 'POST', { 'X-Client': 'c' })).toMatchObject({ status: 200 });
    expect(w.one.requests[2]).toMatchObject({ method: 'PUT', url: '/pass', headers: { 'x-pass': '1' } });
    expect(w.one.requests[2]?.headers).not.toHaveProperty('x-client');
    expect(w.one.requests[2]?.headers).not.toHaveProperty('x-varnish3-method');
  },
);

eachWay(
  'X-Forwarded-For by a program of its own',
  `backend b1 { .host = "127.0.0.1"; .port = "PORT1"; }
  sub vcl_recv {
    if (req.request == "BREW") { error 405; }
    if (req.url == "/set") { set req.http.X-Forwarded-For = "me"; return (pass); }
    if (req.url == "/none") { return (pass); }
    if (req.http.X-Forwarded-For) { set req.http.X-Was = req.http.X-Forwarded-For; }
  }`,
  async (w) => {
    const forwarded = async (url: string, headers: Record<string, string> = {}) => {
      await w.ask(url, 'GET', headers);
      return w.one.requests.at(-1)?.headers;
    };
    expect(await forwarded('/a')).toMatchObject({ 'x-forwarded-for': '127.0.0.1' });
    expect(await forwarded('/b', { 'X-Forwarded-For': '10.0.0.1, 10.0.0.2' })).toMatchObject({
      'x-forwarded-for': '10.0.0.1, 10.0.0.2, 127.0.0.1',
      'x-was': '10.0.0.1, 10.0.0.2',
    });
    expect(await forwarded('/set', { 'X-Forwarded-For': '10.0.0.1' })).toMatchObject({
      'x-forwarded-for': 'me',
    });
    expect(await forwarded('/none')).not.toHaveProperty('x-forwarded-for');
  },
);

eachWay(
  'what vcl_fetch changes of a request',
  `BACKENDS
  sub vcl_recv {
    if (req.url == "/rollback" && req.restarts == 0) { set req.http.X-Way = "changed"; }
    if (req.restarts > 0) { set req.backend = b2; }
    return (lookup);
  }
  sub vcl_fetch {
    if (beresp.http.X-Rollback) {
      rollback;
      set req.url = "/after";
      return (restart);
    }
    if (beresp.http.Location) {
      set req.url = beresp.http.Location;
      set req.http.X-Way = req.http.X-Way + req.url;
      remove req.http.X-Start;
      return (restart);
    }
    set req.http.X-Way = req.http.X-Way + " fetched";
  }
  sub vcl_deliver {
    set resp.http.X-Way = req.http.X-Way;
    set resp.http.X-Start = req.http.X-Start;
    set resp.http.X-Url = req.url;
  }`,
  async (w) => {
    w.one.answer = (request, response) => {
      if (request.url === '/old') response.setHeader('Location', '/new');
      if (request.url === '/rollback') response.setHeader('X-Rollback', '1');
      cacheable(response, '1');
    };
    w.two.answer = (_request, response) => cacheable(response, '2');
    const headers = { 'X-Way': 'asked', 'X-Start': 's' };
    const direct = await w.ask('/plain', 'GET', headers);
    expect(direct.headers).toMatchObject({ 'x-way': 'asked fetched', 'x-start': 's', 'x-url': '/plain' });
    const again = await w.ask('/plain', 'GET', headers);
    expect(again.headers).toMatchObject({ 'x-way': 'asked', 'x-start': 's' });
    const moved = await w.ask('/old', 'GET', headers);
    expect(moved).toMatchObject({ status: 200, body: '2' });
    expect(moved.headers).toMatchObject({ 'x-way': 'asked/new fetched', 'x-start': '', 'x-url': '/new' });
    const back = await w.ask('/rollback', 'GET', headers);
    expect(back.headers).toMatchObject({ 'x-way': 'asked fetched', 'x-url': '/after' });
    for (const { headers: given } of [direct, again, moved, back]) {
      expect(Object.keys(given).filter((name) => name.startsWith('x-varnish3'))).toEqual([]);
    }
  },
);

eachWay(
  'obj.ttl = 0s, as objects were purged before there was purge',
  `backend b1 { .host = "127.0.0.1"; .port = "PORT1"; }
  sub vcl_recv { if (req.request == "PURGE") { return (lookup); } }
  sub vcl_fetch { set beresp.grace = 0s; }
  sub vcl_hit { if (req.request == "PURGE") { set obj.ttl = 0s; error 200 "Expired."; } }`,
  async (w) => {
    w.one.answer = (_request, response) => cacheable(response, '1');
    await w.ask('/a');
    await w.ask('/a');
    expect(await w.ask('/a', 'PURGE')).toMatchObject({ status: 200, reason: 'Expired.' });
    await w.ask('/a');
    expect(w.one.requests).toHaveLength(2);
  },
);

eachWay(
  'a stale object outlives restarts and errors of fetches that nobody waits for',
  `BACKENDS
  sub vcl_recv { if (req.restarts > 0) { set req.backend = b2; } return (lookup); }
  sub vcl_fetch {
    if (beresp.status == 500) { return (restart); }
    if (beresp.status == 501) { error 404; }
    set beresp.ttl = 1ms;
    set beresp.grace = 1h;
  }`,
  async (w) => {
    let status = 200;
    w.one.answer = (_request, response) => {
      response.statusCode = status;
      response.end('1');
    };
    w.two.answer = (_request, response) => {
      response.statusCode = 503;
      response.end();
    };
    expect(await w.ask('/')).toMatchObject({ status: 200, body: '1' });
    for (status of [500, 501]) {
      const before = w.one.requests.length;
      // Whoever comes while it is fresh causes no fetch.
      for (let asked = 0; asked < 100 && w.one.requests.length < before + 3; asked++) {
        expect(await w.ask('/')).toMatchObject({ status: 200, body: '1' });
      }
      expect(w.one.requests.length).toBeGreaterThan(before);
    }
    expect(w.two.requests).toEqual([]);
  },
);
