/** What the proxy has served, and whether it is well. */
import { z } from 'zod';
import { latencySchema } from './backend-schema.ts';
import { count, named, wallTime } from './named.ts';

const trafficSchema = named(
  'Traffic',
  z.strictObject({
    requests: count(),
    inFlight: count(),
    responses: z.strictObject({
      '2xx': count(),
      '3xx': count(),
      '4xx': count(),
      '5xx': count(),
      other: count(),
    }),
    pipes: count(),
    clientAborts: count(),
    cutResponses: count(),
    restarts: count(),
    retries: count(),
    hookErrors: count(),
    bytesSent: count(),
    bytesReceived: count(),
    durations: latencySchema.optional(),
    connections: count().describe('of clients, open now'),
    refusedConnections: count(),
    refusedRequests: count(),
  }),
);

export const statusSchema = named(
  'Status',
  z.strictObject({
    version: z.string(),
    process: count(),
    startedAt: wallTime().describe('when the dashboard was opened, in milliseconds since 1970-01-01 UTC'),
    now: wallTime(),
    active: z.string().optional().describe('name of the config in use'),
    eventReaders: count(),
    traffic: trafficSchema,
    cache: z
      .strictObject({ objects: count(), bytes: count(), capacity: count(), evicted: count() })
      .optional()
      .describe('bytes; absent: nothing is kept'),
  }),
);

export const livenessSchema = named('Liveness', z.strictObject({ status: z.literal('ok') }));

export const readinessSchema = named(
  'Readiness',
  z.strictObject({ status: z.literal('ready'), active: z.string() }),
);

export type Status = z.infer<typeof statusSchema>;
