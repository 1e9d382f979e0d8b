/** Pollers: one for each backend identity. */
import { z } from 'zod';
import { count, identity, milliseconds, named, next, pageQuery, wallTime } from './named.ts';

const probeDeclaration = named(
  'Probe',
  z.strictObject({
    url: z.string(),
    request: z.array(z.string()).optional(),
    expectedResponse: count(),
    timeoutMs: milliseconds(),
    intervalMs: milliseconds(),
    initial: count(),
    window: count(),
    threshold: count(),
    expectClose: z.boolean(),
  }),
);

const pollerSchema = named(
  'Poller',
  z.strictObject({
    identity: identity(),
    state: z.enum(['idle', 'scheduled', 'probing']),
    config: z.string().optional().describe('key of the elected config; absent: none gives it a probe'),
    hostHeader: z.string().optional(),
    probe: probeDeclaration.optional(),
    probes: count().describe('how many it has begun'),
    lastProbeAt: wallTime().optional().describe('when the last one ended'),
    nextProbeAt: wallTime().optional().describe('when the next one is due; absent while one is under way'),
  }),
);

export const pollersQuerySchema = z.strictObject({ ...pageQuery, backend: z.string().optional() });

export const pollersSchema = named(
  'Pollers',
  z.strictObject({ pollers: z.array(pollerSchema), next: next() }),
);

export type Poller = z.infer<typeof pollerSchema>;
