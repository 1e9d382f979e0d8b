/** What every refused or failed request gets. */
import { z } from 'zod';
import { count, named } from './named.ts';

const place = z.strictObject({ file: z.string(), line: count(), column: count() });

export const problemSchema = named(
  'Problem',
  z.strictObject({
    code: z.string().describe('for programs; it stays the same'),
    message: z.string().describe('what went wrong, with which thing'),
    advice: z.string().describe('what to do about it'),
    place: place.optional().describe('where in a config the mistake stands'),
    mistakes: z
      .array(z.strictObject({ code: z.string(), message: z.string(), place: place.optional() }))
      .optional()
      .describe('all mistakes of a config, if there are several'),
  }),
);

export type Problem = z.infer<typeof problemSchema>;
