/** What `/events` tells: the `data` of each kind of event. */
import { z } from 'zod';
import { transitionSchema } from './actor-schema.ts';
import { healthSchema, overrideSchema } from './backend-schema.ts';
import { failedRequestSchema } from './failed-request-schema.ts';
import { count, identity, named, wallTime } from './named.ts';

export const eventSchemas = {
  switch: named('SwitchEvent', z.strictObject({ at: wallTime(), config: z.string(), key: z.string() })),
  health: named(
    'HealthEvent',
    z.strictObject({
      at: wallTime(),
      backend: identity(),
      health: healthSchema,
      override: overrideSchema,
    }),
  ),
  'failed-request': failedRequestSchema,
  transition: transitionSchema,
  missed: named(
    'MissedEvent',
    z.strictObject({
      reason: z.enum(['too-many', 'too-late']),
      count: count().optional().describe('how many events were left out; absent: nobody knows'),
    }),
  ),
  dropped: named('DroppedEvent', z.strictObject({ message: z.string() })),
} as const;

/** What a reader can ask for. */
export const eventTypes = ['switch', 'health', 'failed-request', 'transition'] as const;
export type EventType = (typeof eventTypes)[number];

const list = eventTypes.join(',');

export const eventsQuerySchema = z.strictObject({
  types: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(eventTypes, `must be among ${list}`)).min(1))
    .optional()
    .describe(`which events, with commas between: ${list}; default: all`),
});
