/** Directors as trees. */
import { z } from 'zod';
import { identity, named } from './named.ts';

const target = {
  name: z.string(),
  isHealthy: z
    .boolean()
    .optional()
    .describe('whether it can be asked, saint entries aside; absent: the config is cold or still loading'),
};

/** A director holds members of any kind, directors among them. */
const directorSchema = named(
  'Director',
  z.strictObject({
    kind: z.literal('director'),
    ...target,
    policy: z.string().describe('round_robin, fallback, random, hash, shard, ...'),
    state: z.enum(['empty', 'healthy', 'sick']).optional(),
    get members() {
      return z
        .array(memberSchema)
        .optional()
        .describe('in order; absent: shown further up in the same tree already');
    },
  }),
);

const saintmodeSchema = named(
  'Saintmode',
  z.strictObject({
    kind: z.literal('saintmode'),
    ...target,
    state: z.enum(['healthy', 'sick', 'full']).optional().describe('full: as many entries as its threshold'),
    backend: identity(),
    threshold: z.int().nonnegative().describe('0: the list is ignored'),
    entries: z.int().nonnegative(),
  }),
);

const memberBackendSchema = named(
  'MemberBackend',
  z.strictObject({ kind: z.literal('backend'), ...target, identity: identity() }),
);

const memberSchema = named(
  'Member',
  z.strictObject({
    weight: z.number().nonnegative(),
    ident: z.string().optional().describe('what shard tells it apart by'),
    get target() {
      return z.discriminatedUnion('kind', [directorSchema, saintmodeSchema, memberBackendSchema]);
    },
  }),
);

export const directorsQuerySchema = z.strictObject({
  config: z.string().optional().describe('name of a loaded config; default: the one in use'),
});

export const directorsSchema = named(
  'Directors',
  z.strictObject({
    config: z.string().optional(),
    defaultTarget: z.string().optional().describe('where requests go unless a hook says otherwise'),
    directors: z
      .array(directorSchema)
      .describe('those that are no members of others, each with all below it'),
    saintmodes: z.array(saintmodeSchema).describe('those that are no members of directors'),
  }),
);

export type Director = z.infer<typeof directorSchema>;
export type Saintmode = z.infer<typeof saintmodeSchema>;
export type Member = z.infer<typeof memberSchema>;
export type Directors = z.infer<typeof directorsSchema>;
