/** The wiring as a program that embeds it meets it: booting, replacing, refusing, closing. */
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { backend, createProxy, defineConfig, type TroupeProxy } from '../src/index.ts';
import { Origin } from './support/origin.ts';

let origins: Origin[] = [];
let proxies: TroupeProxy[] = [];

afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await Promise.all(origins.map((origin) => origin.close()));
  proxies = [];
  origins = [];
});

async function startOrigin(name: string): Promise<Origin> {
  const origin = await Origin.start(name);
  origins.push(origin);
  return origin;
}

function start(...args: Parameters<typeof createProxy>): TroupeProxy {
  const proxy = createProxy(...args);
  proxies.push(proxy);
  return proxy;
}

function configFor(origin: Origin) {
  const app = backend({ host: '127.0.0.1', port: origin.port, probe: { url: '/probe' } });
  return defineConfig({ backends: { app } });
}

async function get(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return `${response.status} ${await response.text()}`;
}

test('the first request already finds probed backends healthy', async () => {
  const origin = await startOrigin('origin');
  const proxy = start(configFor(origin));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  expect(await get(port)).toBe('200 origin');
  expect(origin.probes).toHaveLength(1);
});

test('a backend that fails its first probe holds the start up no longer than that probe', async () => {
  const origin = await startOrigin('origin');
  origin.probeStatus = 503;
  const proxy = start(configFor(origin));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  expect((await get(port)).slice(0, 3)).toBe('503');
});

test('without a config every request gets 503', async () => {
  const { port } = await start().listen({ host: '127.0.0.1', port: 0 });
  expect((await get(port)).slice(0, 3)).toBe('503');
});

test('replacing switches to a new backend without a 503, and discards the old config', async () => {
  const [before, after] = [await startOrigin('before'), await startOrigin('after')];
  const proxy = start(configFor(before));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  expect(await get(port)).toBe('200 before');
  const name = await proxy.replace(configFor(after));
  expect(await get(port)).toBe('200 after');
  expect(proxy.configs()).toEqual([{ name, state: 'active' }]);
});

test('replacements that come at once are made one after the other, and none stays loaded', async () => {
  const origins = [await startOrigin('a'), await startOrigin('b'), await startOrigin('c')];
  const proxy = start(configFor(await startOrigin('before')));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const names = await Promise.all(origins.map((origin) => proxy.replace(configFor(origin))));
  expect(proxy.configs()).toEqual([{ name: names[2], state: 'active' }]);
  expect(await get(port)).toBe('200 c');
});

test('one that fails holds up none behind it', async () => {
  const proxy = start(configFor(await startOrigin('before')));
  const after = await startOrigin('after');
  const wrong = proxy.replace('/nowhere/to/be/found.config.ts');
  const right = proxy.replace(configFor(after));
  await expect(wrong).rejects.toMatchObject({ code: 'config.unreadable' });
  const name = await right;
  expect(proxy.configs()).toEqual([{ name, state: 'active' }]);
});

test.each([
  ['options that nobody gave to defineConfig', { backends: {} }],
  ['a number', 42],
  ['null', null],
  ['a URL', new URL('file:///my.config.ts')],
])('%s is no config, and that is said', async (_, source) => {
  const proxy = start(source as never);
  await expect(proxy.ready).rejects.toMatchObject({
    name: 'TroupeError',
    code: 'config.invalid',
    message: expect.stringContaining('defineConfig'),
  });
});

test.each(['', 'a b', 'a\n', 'a/b', 'a.b', 'a@1', '-a', 5 as never])(
  'no config can be named %j',
  async (name) => {
    const proxy = start();
    const loaded = proxy.load(name, configFor(await startOrigin('origin')));
    await expect(loaded).rejects.toMatchObject({ code: 'command.illegal-name' });
    expect(proxy.configs()).toEqual([]);
  },
);

test('without a host it listens on all addresses, as node does', async () => {
  const proxy = start(configFor(await startOrigin('origin')));
  const { port } = await proxy.listen({ port: 0 });
  expect(await get(port)).toBe('200 origin');
});

test('a closed one opens nothing any more', async () => {
  const proxy = start(configFor(await startOrigin('origin')));
  await proxy.close();
  await expect(proxy.dashboard({ port: 0 })).rejects.toMatchObject({ code: 'command.stopping' });
  await expect(proxy.listen({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({
    code: 'command.stopping',
  });
});

test('what is wrong with a config is told with its place, and the active one keeps serving', async () => {
  const origin = await startOrigin('origin');
  const proxy = start(configFor(origin));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const wrong = defineConfig({ backends: { app: backend({ host: '127.0.0.1', port: 70_000 }) } });
  await expect(proxy.replace(wrong)).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('70000'),
    place: { file: expect.stringContaining('create-proxy.test.ts') },
  });
  expect(await get(port)).toBe('200 origin');
  expect(proxy.configs()).toEqual([{ name: 'boot', state: 'active' }]);
});

test('a config that cannot be loaded makes ready and listen reject, and nothing else', async () => {
  const proxy = start('/nowhere/to/be/found.config.ts');
  await expect(proxy.ready).rejects.toMatchObject({ code: 'config.unreadable' });
  await expect(proxy.listen({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({
    code: 'config.unreadable',
  });
});

test('commands that cannot be carried out say why', async () => {
  const proxy = start(configFor(await startOrigin('origin')));
  await proxy.ready;
  await expect(proxy.use('nobody')).rejects.toMatchObject({
    code: 'command.unknown-config',
    message: expect.stringContaining('boot'),
  });
  await expect(proxy.discard('boot')).rejects.toMatchObject({ code: 'command.config-in-use' });
  await expect(proxy.load('boot', defineConfig({ backends: {} }))).rejects.toMatchObject({
    code: 'command.name-taken',
  });
  await expect(proxy.setState('boot', 'cold')).rejects.toMatchObject({ code: 'command.config-in-use' });
  await expect(proxy.setState('boot', 'hot' as never)).rejects.toMatchObject({
    code: 'command.illegal-value',
  });
});

test('a config that nobody needs turns cold with no command line there, and warm again when it is used', async () => {
  const origin = await startOrigin('origin');
  const proxy = start(configFor(origin), { cooldown: 20 });
  await proxy.ready;
  const cooled = firstValueFrom(proxy.messages$.pipe(filter(({ event }) => event.type === 'config.cool')));
  await proxy.load('next', configFor(origin));
  await cooled;
  expect(proxy.configs()).toEqual([
    { name: 'boot', state: 'active' },
    { name: 'next', state: 'cold' },
  ]);
  await proxy.use('next');
  expect(proxy.configs()).toContainEqual({ name: 'next', state: 'active' });
});

test('loading one name twice at the same time loads it once', async () => {
  const proxy = start();
  const origin = await startOrigin('origin');
  const results = await Promise.allSettled([
    proxy.load('twin', configFor(origin)),
    proxy.load('twin', defineConfig({ backends: {} })),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await proxy.use('twin');
  expect(proxy.description()?.backends).toHaveLength(1);
});

test("an operator's order takes a shared backend out for every config, and auto gives it back", async () => {
  const origin = await startOrigin('origin');
  const proxy = start(configFor(origin));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const identity = proxy.description()?.backends[0]?.identity;
  if (identity === undefined) throw new Error('one backend is declared');
  for (const order of ['sick', 'drain'] as const) {
    proxy.setHealth(identity, order);
    expect((await get(port)).slice(0, 3)).toBe('503');
  }
  proxy.setHealth(identity, 'auto');
  expect(await get(port)).toBe('200 origin');
  expect(() => proxy.setHealth('nobody(1.2.3.4:80,)' as typeof identity, 'sick')).toThrow(/no backend/);
});

test('closing twice is closing once; afterwards nothing is served', async () => {
  const proxy = start(configFor(await startOrigin('origin')));
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  await Promise.all([proxy.close(), proxy.close()]);
  await expect(get(port)).rejects.toThrow();
  await expect(proxy.listen({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({
    code: 'command.stopping',
  });
  await expect(proxy.load('late', defineConfig({ backends: {} }))).rejects.toMatchObject({
    code: 'command.stopping',
  });
});

test.each([
  [{ drainTimeout: '30s' }, 'drainTimeout must be a number of at least 0, but is "30s"'],
  [{ saintEntries: Number.NaN }, 'saintEntries must be a number'],
  [{ cache: { size: -1 } }, 'cache.size must be a number of at least 0, but is -1'],
  [{ requests: { maxRetires: 1 } }, "there is no option 'requests.maxRetires'"],
  [{ listener: 5 }, 'listener must be an object, but is 5'],
  [{ drainTimeuot: 1 }, "there is no option 'drainTimeuot'"],
])('the options %j are refused with what is wrong', (options, message) => {
  expect(() => createProxy(undefined, options as never)).toThrow(message);
});

test('every option can be given, without end where that is meant', async () => {
  const requests = { maxRestarts: 0, maxRetries: 1, pipeTimeoutMs: Number.POSITIVE_INFINITY };
  const options = {
    saintEntries: 10,
    cache: { size: 0 },
    requests,
    listener: {},
    fetch: { maxConnections: 3 },
  };
  await createProxy(undefined, options).close();
});

test('a health that there is not is refused, and says which there are', async () => {
  const proxy = createProxy();
  expect(() => proxy.setHealth('b1(127.0.0.1,,80)' as never, 'zombie' as never)).toThrow(
    'auto, healthy, sick, drain, but not to "zombie"',
  );
  await proxy.close();
});
