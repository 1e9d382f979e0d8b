/** Saint entries: objects that a backend must not be asked for. */
import { z } from 'zod';
import { count, identity, milliseconds, named, next, pageQuery, wallTime } from './named.ts';

const object = () => z.string().describe('the first 24 hexadecimal digits of the request hash');
const objectAsked = () =>
  z
    .string()
    .regex(/^[0-9a-f]{24,64}$/, 'must be a request hash in lower-case hexadecimal, or its first 24 digits')
    .optional();

const saintEntrySchema = named(
  'SaintEntry',
  z.strictObject({
    backend: identity(),
    object: object(),
    endsAt: wallTime(),
    leftMs: milliseconds().describe('milliseconds that are left'),
  }),
);

export const saintQuerySchema = z.strictObject({
  ...pageQuery,
  backend: z.string().optional().describe('one backend: b1, or a whole identity'),
  object: objectAsked(),
});

export const saintEntriesSchema = named(
  'SaintEntries',
  z.strictObject({
    entries: z
      .array(saintEntrySchema)
      .describe('in no particular order; a page may be empty although others follow'),
    listed: count().describe('entries of the whole list, those whose time has just passed included'),
    next: next(),
  }),
);

export const liftBodySchema = named(
  'LiftSaintEntries',
  z.strictObject({
    backend: z.string().optional().describe('a pattern; absent: all backends'),
    object: objectAsked().describe('absent: all objects'),
  }),
);

export const liftedSchema = named('SaintEntriesLifted', z.strictObject({ lifted: count() }));

export type SaintEntries = z.infer<typeof saintEntriesSchema>;
