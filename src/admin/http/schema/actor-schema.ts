/** Actors: what state each is in, and how it came there. */
import { z } from 'zod';
import { named, next, pageQuery, wallTime } from './named.ts';

export const actorKinds = [
  'supervisor',
  'config',
  'backend',
  'poller',
  'director',
  'saintmode',
  'peerPool',
  'peerWorker',
] as const;

/** `scheduled`, or for several regions at once `{ present: { health: 'sick', ... } }`. */
const stateSchema = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .describe("the state's name, or those of all regions");

export const transitionSchema = named(
  'Transition',
  z.strictObject({
    at: wallTime(),
    kind: z.enum(actorKinds),
    id: z.string(),
    event: z.string().describe('what it heard'),
    before: stateSchema.optional().describe('absent: it was started'),
    after: stateSchema,
  }),
);

const actorSchema = named(
  'Actor',
  z.strictObject({
    kind: z.enum(actorKinds),
    id: z.string(),
    state: stateSchema,
    transitions: z
      .array(transitionSchema)
      .describe('the last ones since the dashboard was opened, at most 8, the oldest first'),
  }),
);

export const actorsQuerySchema = z.strictObject({
  ...pageQuery,
  kind: z.enum(actorKinds).optional(),
  id: z
    .string()
    .optional()
    .describe('of one actor: a backend identity, a config key, key/name of a director'),
});

export const actorsSchema = named('Actors', z.strictObject({ actors: z.array(actorSchema), next: next() }));

export type Actor = z.infer<typeof actorSchema>;
export type TransitionShown = z.infer<typeof transitionSchema>;
