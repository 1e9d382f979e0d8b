/** Peers: services that requests are repeated to, and nobody waits for. */
import { z } from 'zod';
import { latencySchema } from './backend-schema.ts';
import { count, named } from './named.ts';

const peerSchema = named(
  'Peer',
  z.strictObject({
    config: z.string().describe('key of the config'),
    name: z.string(),
    identity: z.string(),
    threads: count(),
    minThreads: count(),
    maxThreads: count(),
    maxQueue: count(),
    pending: count().describe('operations that wait to be initiated'),
    running: count(),
    accepted: count(),
    started: count().describe('attempts, retries included'),
    done: count(),
    failed: count(),
    failures: z.record(z.string(), count()).describe('failed attempts by cause'),
    retried: count(),
    refused: count(),
    dropped: count(),
    discarded: count(),
    threadsDied: count(),
    latency: latencySchema,
  }),
);

export const peersSchema = named('Peers', z.strictObject({ peers: z.array(peerSchema) }));

export type Peers = z.infer<typeof peersSchema>;
