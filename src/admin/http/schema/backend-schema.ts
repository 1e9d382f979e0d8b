/** Backends: one for each identity, whatever number of configs declares it. */
import { z } from 'zod';
import { count, flagInQuery, identity, milliseconds, named, next, pageQuery, wallTime } from './named.ts';

export const healthSchema = z
  .enum(['no-probe', 'unprobed', 'healthy', 'sick'])
  .describe('what polling says; no-probe: no config gives it one; unprobed: it has one, but no result yet');

export const overrideSchema = z
  .enum(['auto', 'healthy', 'sick', 'drain'])
  .describe('what an operator ordered');

/** Milliseconds, in buckets, of which the last one has no bound. */
export const latencySchema = named(
  'Latency',
  z.strictObject({
    boundsMs: z.array(z.number()).describe('upper bounds of all buckets but the last'),
    counts: z.array(count()).describe('one more than there are bounds'),
    sumMs: milliseconds(),
  }),
);

const probeResult = named(
  'ProbeResult',
  z.strictObject({
    at: wallTime(),
    happy: z.boolean(),
    ms: milliseconds().describe('milliseconds until the answer; 0 without one'),
    reason: z.string().describe('the status line, or why it was not good'),
  }),
);

const probing = named(
  'Probing',
  z.strictObject({
    good: count().describe('good probes among the latest `window`'),
    window: count(),
    threshold: count(),
    averageMs: milliseconds().describe('exponential average of the response time, in milliseconds'),
    latest: z.string().describe('up to 64 probes, the oldest first: H for a good one, - for the others'),
    lastFailure: probeResult.optional(),
  }),
);

const backendFigures = named(
  'BackendFigures',
  z.strictObject({
    inFlight: count(),
    waiting: count().describe('requests that wait for it now'),
    waited: count(),
    waitedMs: milliseconds(),
    panicPicks: count(),
    requests: count(),
    retries: count().describe('requests that somebody else, or this backend before, had failed'),
    retried: count().describe('answers and failures after which the request was tried again'),
    answers: count(),
    answerMs: milliseconds(),
    averageAnswerMs: milliseconds(),
    bytesSent: count(),
    bytesReceived: count(),
    failures: z.record(z.string(), count()).describe('by error code'),
    answerTimes: latencySchema.optional(),
    connections: count().describe('open now, those of probes not included'),
  }),
);

export const backendSchema = named(
  'Backend',
  z.strictObject({
    identity: identity(),
    name: z.string(),
    configs: z.array(z.string()).describe('names of the loaded configs that declare it'),
    isActive: z.boolean().describe('whether the config in use declares it'),
    isUsable: z.boolean().describe('whether it gets requests as things are, saint entries aside'),
    health: healthSchema,
    override: overrideSchema,
    changedAt: wallTime().optional().describe('when health or override last changed'),
    probing: probing.optional().describe('absent without a probe'),
    saintEntries: count().describe('objects that are denied to it'),
    figures: backendFigures.optional().describe('absent if no data plane knows it'),
    history: z.array(probeResult).optional().describe('up to 64 probes, the oldest first; if asked for'),
  }),
);

export const backendsQuerySchema = z.strictObject({
  ...pageQuery,
  backend: z.string().optional().describe('a pattern: b1, b1(), b1(:8080), boot.b*, a whole identity'),
  history: flagInQuery()
    .optional()
    .describe('true: each probe, with its reason; then a page has 100 at most'),
});

export const backendsSchema = named(
  'Backends',
  z.strictObject({ backends: z.array(backendSchema), next: next() }),
);

export const healthBodySchema = named('SetHealth', z.strictObject({ health: overrideSchema }));

export const healthSetSchema = named(
  'HealthSet',
  z.strictObject({ health: overrideSchema, backends: z.array(identity()).min(1) }),
);

export type Backend = z.infer<typeof backendSchema>;
export type HealthName = z.infer<typeof healthSchema>;
