import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { suggest } from '../../src/config/suggest.ts';

const names = ['host', 'port', 'path', 'probe', 'maxConnections', 'connectTimeout', 'recv'];

describe('suggest', () => {
  test.each([
    ['prot', 'port'],
    ['Port', 'port'],
    ['hots', 'host'],
    ['prob', 'probe'],
    ['max_connections', 'maxConnections'],
    ['maxConections', 'maxConnections'],
    ['connectTimeoutMs', 'connectTimeout'],
    ['.connect_timeout', 'connectTimeout'],
    ['weight', undefined],
    ['x', undefined],
    ['', undefined],
  ])('for %j says %j', (typed, meant) => {
    expect(suggest(typed, names)).toBe(meant);
  });

  test.prop([fc.constantFrom(...names), fc.nat(13), fc.nat(25)])(
    'finds a name with one letter wrong',
    (name, at, letter) => {
      const position = at % name.length;
      const typed = name.slice(0, position) + String.fromCharCode(97 + letter) + name.slice(position + 1);
      // Of two names that are equally near, either will do.
      expect(names).toContain(suggest(typed, names));
    },
  );

  test.prop([fc.string(), fc.array(fc.string())])(
    'only ever says a name that there is',
    (typed, candidates) => {
      expect([undefined, ...candidates]).toContain(suggest(typed, candidates));
    },
  );
});
