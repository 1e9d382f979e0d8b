import { describe, expect, test } from 'vitest';
import { dictionaryOf } from '../../src/prove/dictionary.ts';

const vcl = `
vcl 4.1;
# "commented.example.com" and "/commented" do not count.
backend app1 { .host = "10.0.0.1"; }
acl purgers { "192.0.2.7"; }
sub vcl_recv {
    if (req.method == "PURGE" && client.ip ~ purgers) { return (purge); }
    if (req.url ~ "^/(shop|cart)/checkout" || req.url ~ "\\.(png|gif)$") { return (pass); }
    if (req.http.X-Mode == "beta") { set req.backend_hint = app1; }
    if (req.http.Cookie ~ "(^|;)server=([a-z0-9]+)") { return (pass); }
    if (req.http.Host ~ "^(www|m)\\.shop\\.example$") { set req.http.Host = "shop.example"; }
}`;

describe('the words of a config', () => {
  const { urls, methods, clients, hosts, likelyFields } = dictionaryOf(vcl, ['app1']);

  test('are paths, one for each alternative of a pattern', () => {
    expect(urls).toEqual(['/shop/checkout', '/cart/checkout']);
  });

  test('are methods and addresses of clients', () => {
    expect(methods).toEqual(['PURGE']);
    expect(clients).toEqual(['10.0.0.1', '192.0.2.7']);
  });

  test('are hosts, but none of comments', () => {
    expect(hosts).toEqual(['www.shop.example', 'm.shop.example', 'shop.example']);
  });

  test('are fields with the words that stand near them, and names of backends where a pattern takes anything', () => {
    expect(likelyFields).toContainEqual(['X-Mode', 'beta']);
    expect(likelyFields).toContainEqual(['Cookie', 'server=app1']);
    expect(likelyFields).toContainEqual(['Cookie', ';server=1']);
  });
});

test('are found in TypeScript, too', () => {
  const { urls, methods, fields } = dictionaryOf(
    `recv({ req }) {
       // '/commented'
       if (req.method === 'PURGE') return 'purge';
       const name = /server=(\\w+)/.exec(req.http.get('cookie') ?? '')?.[1];
       return req.url.startsWith('/api') || req.url === \`/exact\` ? 'pass' : undefined;
     }`,
    ['a'],
  );
  expect(urls).toEqual(['/api', '/exact']);
  expect(methods).toEqual(['PURGE']);
  expect(fields).toContainEqual(['cookie', 'server=a']);
});

test('are durations, in milliseconds, as far as anybody would wait for them', () => {
  const { durationsMs } = dictionaryOf(
    `set beresp.ttl = 30s; set beresp.grace = 1.5m; set beresp.keep = 2h;
     set x = 250 ms; set y = 30s; timeout: '2m', b1s: 10.0.0.1`,
  );
  expect(durationsMs).toEqual([30_000, 90_000, 250, 120_000]);
});

test('are a method that no config names, where something is piped', () => {
  expect(dictionaryOf('sub vcl_recv { return (pipe); }').methods).toEqual(['PROPFIND']);
});

test('are no hosts where a sentence ends', () => {
  expect(dictionaryOf('error 200 "Purged."; if (req.http.host ~ "^www\\.") {}').hosts).toEqual([
    'www.example.com',
  ]);
});

test('of a config without any are none', () => {
  expect(dictionaryOf('')).toEqual({
    urls: [],
    hosts: [],
    methods: [],
    fields: [],
    likelyFields: [],
    clients: [],
    durationsMs: [],
  });
});
