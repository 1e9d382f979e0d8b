/** What is asked when something stored is no longer right. */
import { z } from 'zod';
import { count, named } from './named.ts';

export const purgeBodySchema = named(
  'Purge',
  z.strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an absolute URL, as http://www.example.com/a' })
      .describe('an absolute URL: what is found by its path and query and its host; all variants'),
    soft: z
      .boolean()
      .optional()
      .describe(
        'true: it may still be served for its grace, and its backend be asked whether it has changed',
      ),
  }),
);

export const purgedSchema = named(
  'Purged',
  z.strictObject({
    purged: count().describe('stored objects; what is being fetched is purged, too, and not counted'),
  }),
);
