/** `proxy.handler` in Express, Fastify and over TLS. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer, request as httpsRequest } from 'node:https';
import express from 'express';
import fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Stage } from '../support/embedding.ts';

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => stage.close());

describe('Express', () => {
  test('mounts it: the backend sees the path below the mount point, or all of it by a word', async () => {
    const origin = await stage.origin();
    const { handler } = stage.proxyTo(origin);
    const app = express();
    app.use('/api', handler);
    app.use('/whole', (request, response, next) => {
      request.url = request.originalUrl;
      handler(request, response, next);
    });
    app.get('/mine', (_, response) => void response.send('mine'));
    const port = await stage.serve(app);
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await get('/api/users?page=2')).toBe('origin');
    expect(await get('/api?page=3')).toBe('origin');
    expect(await get('/whole/x')).toBe('origin');
    expect(await get('/mine')).toBe('mine');
    expect(origin.requests.map(({ url }) => url)).toEqual(['/users?page=2', '/?page=3', '/whole/x']);
  });

  test('answers a body that a parser has eaten through its own error handling', async () => {
    const origin = await stage.origin();
    const app = express();
    app.use(express.json());
    app.use(stage.proxyTo(origin).handler);
    const errors: unknown[] = [];
    app.use(((error, _request, response, _next) => {
      errors.push(error);
      response.status(500).end();
    }) satisfies express.ErrorRequestHandler);
    const port = await stage.serve(app);
    const post = (type: string) =>
      fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { 'content-type': type }, body: '{}' });
    expect((await post('application/json')).status).toBe(500);
    expect(errors).toMatchObject([{ code: 'troupe.body-consumed' }]);
    // A body that no parser wants is there still.
    expect((await post('text/plain')).status).toBe(200);
  });

  test('keeps what it has set, and passes on what its middleware has found out', async () => {
    const origin = await stage.origin();
    const app = express();
    app.use((request, response, next) => {
      request.headers['x-user'] = 'ada';
      response.set('X-Frame-Options', 'DENY');
      next();
    });
    app.use(stage.proxyTo(origin).handler);
    const port = await stage.serve(app);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(origin.requests[0]?.headers['x-user']).toBe('ada');
  });
});

describe('Fastify', () => {
  test('hands over hijacked replies, with bodies where nothing parses them', async () => {
    const origin = await stage.origin();
    origin.answer = (request, response) => void request.pipe(response);
    const { handler } = stage.proxyTo(origin);
    const app = fastify();
    app.get('/mine', () => 'mine');
    app.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
      scope.all('/api/*', (request, reply) => {
        reply.hijack();
        handler(request.raw, reply.raw);
      });
      done();
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    try {
      expect(await (await fetch(`${url}/mine`)).text()).toBe('mine');
      const body = JSON.stringify({ a: 1 });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/api/x`, { method: 'POST', headers, body });
      expect(await response.json()).toEqual({ a: 1 });
      expect(origin.requests[0]?.url).toBe('/api/x');
    } finally {
      await app.close();
    }
  });
});

describe('TLS', () => {
  test('makes no difference', async () => {
    const origin = await stage.origin();
    const proxy = stage.proxyTo(origin);
    // A shared key spares the certificates.
    const key = Buffer.from('c0ffee', 'hex');
    const tls = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const;
    const server = createTlsServer({ ...tls, pskCallback: () => key }, proxy.handler);
    const port = await stage.serve(server);
    const ask = async (): Promise<IncomingMessage> => {
      const pskCallback = () => ({ psk: key, identity: 'client' });
      const client = { ...tls, pskCallback, checkServerIdentity: () => undefined, agent: false };
      const request = httpsRequest({ port, host: '127.0.0.1', ...client }).end();
      const [response] = await once(request, 'response');
      return response;
    };
    expect((await (await ask()).toArray()).join('')).toBe('origin');
    origin.answer = (_, answer) => {
      answer.write('abc');
      setImmediate(() => answer.destroy());
    };
    const broken = await ask();
    await expect(broken.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
