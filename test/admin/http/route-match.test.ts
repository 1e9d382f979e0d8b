import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { z } from 'zod';
import { endpoint } from '../../../src/admin/http/endpoint.ts';
import { matchRoute } from '../../../src/admin/http/route-match.ts';

const at = (method: 'GET' | 'POST', path: string) =>
  endpoint({ method, path, summary: path, answer: z.string(), run: () => path });
const table = [at('GET', '/a'), at('POST', '/a'), at('GET', '/a/{name}'), at('POST', '/a/{name}/use')];

test.prop([fc.string({ minLength: 1, unit: 'binary' })])('a name comes out as it went in', (name) => {
  const { params } = matchRoute(table, 'POST', `/a/${encodeURIComponent(name)}/use`);
  expect(params).toEqual({ name });
});

test.prop([fc.webPath(), fc.constantFrom('GET', 'HEAD', 'POST', 'PUT')])(
  'whatever is asked for is found, or refused with advice',
  (path, method) => {
    try {
      const { endpoint: found } = matchRoute(table, method, path);
      expect([method, 'GET']).toContain(found.method);
    } catch (error) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/^admin\./),
        advice: expect.stringMatching(/\S/),
      });
    }
  },
);

test('the right path with the wrong method is told which ones there are', () => {
  expect(() => matchRoute(table, 'DELETE', '/a')).toThrow(
    expect.objectContaining({ advice: 'Use GET or POST.' }),
  );
  expect(matchRoute(table, 'HEAD', '/a').endpoint.method).toBe('GET');
});
