import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type Caller, refusalOf } from '../../../src/admin/http/access.ts';
import { AccessToken } from '../../../src/admin/http/access-token.ts';

const secret = 'sixteen-characters-or-more';
const token = new AccessToken(secret);
const hosts = new Set(['proxy.internal']);

const names = ['localhost', '127.0.0.1', '[::1]', '192.0.2.7', 'app.localhost', 'proxy.internal'];
const foreignNames = [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '',
  'proxy.internal.',
  '::1x',
];
const port = fc.constantFrom('', ':9090');
const aKnownHost = fc
  .tuple(fc.constantFrom(...names, 'LOCALHOST', 'Proxy.Internal'), port)
  .map((p) => p.join(''));
const aForeignHost = fc.tuple(fc.constantFrom(...foreignNames), port).map((p) => p.join(''));
const aSite = fc.constantFrom(undefined, 'same-origin', 'none', 'same-site', 'cross-site', 'nonsense');
const anOrigin = fc.constantFrom(undefined, 'same', 'null', 'http://evil.example', 'http://localhost:1', '');
const aMethod = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS');

const aCaller = fc
  .record({
    method: aMethod,
    host: fc.oneof(fc.constant(undefined), aKnownHost, aForeignHost),
    origin: anOrigin,
    site: aSite,
    authorization: fc.constantFrom(
      undefined,
      `Bearer ${secret}`,
      `bearer ${secret}`,
      'Bearer other-token',
      secret,
    ),
  })
  .map((c): Caller => ({ ...c, origin: c.origin === 'same' ? `http://${c.host}` : c.origin }));

const changes = ({ method }: Caller) => method !== 'GET' && method !== 'HEAD';
const showsToken = ({ authorization }: Caller) => /^bearer sixteen-/i.test(authorization ?? '');
const isKnown = ({ host = '' }: Caller) =>
  names.some((name) => [name, `${name}:9090`].includes(host.toLowerCase()));

test.prop([aCaller])('without the token, where there is one, nobody does anything', (caller) => {
  fc.pre(!showsToken(caller));
  expect(refusalOf({ token, hosts }, caller)?.code).toBe('admin.unauthorized');
});

test.prop([aCaller])(
  'under a name that is not this machine, nobody changes anything, or reads without a token',
  (caller) => {
    fc.pre(!isKnown(caller));
    expect(refusalOf({ token: undefined, hosts }, caller)?.code).toBe('admin.forbidden');
    if (showsToken(caller)) {
      expect(refusalOf({ token, hosts }, caller)?.code).toBe(changes(caller) ? 'admin.forbidden' : undefined);
    }
  },
);

test.prop([aCaller])('a page of another site changes nothing', (caller) => {
  const isForeign = caller.origin !== undefined && caller.origin !== `http://${caller.host}`;
  const isElsewhere = !['same-origin', 'none', undefined].includes(caller.site);
  fc.pre(changes(caller) && (isForeign || isElsewhere));
  expect(refusalOf({ token: undefined, hosts }, caller)?.code).toBe('admin.forbidden');
});

test.prop([aCaller])('who is none of these is let in', (caller) => {
  fc.pre(isKnown(caller) && [undefined, `http://${caller.host}`].includes(caller.origin));
  fc.pre([undefined, 'same-origin', 'none'].includes(caller.site));
  expect(refusalOf({ token: undefined, hosts }, caller)).toBeUndefined();
  if (showsToken(caller)) expect(refusalOf({ token, hosts }, caller)).toBeUndefined();
});

test.prop([fc.string()])('no other text is taken for the token', (text) => {
  fc.pre(text.trim() !== secret);
  expect(token.isShownBy(`Bearer ${text}`)).toBe(false);
});

test('a token that could be guessed, or cannot be sent, is none', () => {
  for (const weak of ['', 'short', 'with blanks in it, though long', 'ümläute-are-not-in-fields']) {
    expect(() => new AccessToken(weak)).toThrow(/must have at least 16 characters/);
  }
});
