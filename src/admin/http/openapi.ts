/** The OpenAPI document (3.1.1), made of the same schemas that check what comes in and type what goes out. */
import { z } from 'zod';
import { version } from '../../version.ts';
import type { Endpoint } from './endpoint.ts';
import { eventSchemas, eventsQuerySchema } from './schema/event-schema.ts';
import { namedSchemas } from './schema/named.ts';
import { problemSchema } from './schema/problem-schema.ts';
import { livenessSchema, readinessSchema } from './schema/traffic-schema.ts';

type Json = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;

/** @param endpoints of the JSON API; what else the dashboard serves is added here */
export function openApiDocument(endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of endpoints) {
    paths[one.path] ??= {};
    Object.assign(paths[one.path] ?? {}, { [one.method.toLowerCase()]: operation(one) });
  }
  Object.assign(paths, others());
  return {
    openapi: '3.1.1',
    info: {
      title: 'Troupe',
      version,
      description:
        'What the proxy knows and does, as JSON. Every refusal is a Problem: code, message, advice. Times are milliseconds.',
    },
    paths,
    components: {
      schemas: components(),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    // Either: on loopback there may be no token.
    security: [{ token: [] }, {}],
  };
}

function operation({ path, summary, query, body, answer }: Endpoint): Json {
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: text,
    })),
    ...queryParameters(query),
  ];
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: json(reference(body)) } }),
    responses: { '200': { description: summary, content: json(reference(answer)) }, default: problem },
  };
}

function queryParameters(query: z.ZodObject): Json[] {
  const schema = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: schema.required?.includes(name) ?? false,
    schema: property,
  }));
}

const problem = { description: 'Refused, or failed', content: json(reference(problemSchema)) };

/** What is no JSON, or not below /api. */
function others(): Json {
  const get = (summary: string, content: Json, more: Json = {}) => ({
    get: { summary, ...more, responses: { '200': { description: summary, content }, default: problem } },
  });
  const events = Object.entries(eventSchemas).map(([type, schema]) => [type, reference(schema)]);
  return {
    '/api/v1/openapi.json': get('This document', json({ type: 'object' })),
    '/events': get(
      'Server-Sent Events; Last-Event-ID goes on where a reader was',
      { 'text/event-stream': { schema: text, 'x-events': Object.fromEntries(events) } },
      { parameters: queryParameters(eventsQuerySchema) },
    ),
    '/metrics': get('Metrics in the text format of Prometheus', { 'text/plain': { schema: text } }),
    '/healthz': get('Whether the process works', json(reference(livenessSchema))),
    '/readyz': get('Whether a config is in use; 503 if not', json(reference(readinessSchema))),
  };
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

function reference(schema: z.ZodType): Json {
  const id = namedSchemas.get(schema)?.id;
  if (id === undefined) throw new Error('a schema of an endpoint has no name');
  return { $ref: `#/components/schemas/${id}` };
}

function components(): Json {
  const { schemas } = z.toJSONSchema(namedSchemas, { uri: (id) => `#/components/schemas/${id}` });
  const entries = Object.entries(schemas).map(([id, schema]) => {
    const { $schema: _, $id: _id, ...bare } = schema as Record<string, unknown>;
    return [id, bare] as const;
  });
  return Object.fromEntries(entries);
}
