import { expect, test } from 'vitest';
import { endpoints } from '../../../src/admin/http/endpoints.ts';
import { openApiDocument } from '../../../src/admin/http/openapi.ts';

const document = openApiDocument(endpoints);

/** Every value of a key, however deep. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => [
    ...(name === key ? [one] : []),
    ...valuesOf(key, one),
  ]);
}

test('every reference leads somewhere', () => {
  const { schemas } = document['components'] as { schemas: Record<string, unknown> };
  const references = valuesOf('$ref', document) as string[];
  expect(references.length).toBeGreaterThan(30);
  for (const reference of references) {
    const [, name] = /^#\/components\/schemas\/(\w+)$/.exec(reference) ?? [];
    expect(schemas, reference).toHaveProperty(name ?? '');
  }
});

test('every endpoint is described, with its parameters and what it answers', () => {
  const paths = document['paths'] as Record<string, Record<string, Record<string, unknown>>>;
  for (const { method, path, body } of endpoints) {
    const operation = paths[path]?.[method.toLowerCase()];
    expect(operation?.['summary']).toMatch(/\S/);
    expect(operation?.['responses']).toHaveProperty('200');
    expect(operation?.['responses']).toHaveProperty('default');
    expect(operation?.['requestBody'] !== undefined).toBe(body !== undefined);
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const parameters = (operation?.['parameters'] ?? []) as { name: string; in: string }[];
    expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(names);
  }
});

test('times and counts say what they count', () => {
  expect(JSON.stringify(document)).toContain('milliseconds since 1970-01-01 UTC');
});
