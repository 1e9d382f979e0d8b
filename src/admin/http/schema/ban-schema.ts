/** What is asked when everything of a kind is no longer right. */
import { z } from 'zod';
import { named } from './named.ts';

const conditions = () =>
  z.string().describe('as `ban` of the command line takes them: req.url ~ ^/news && obj.http.x-lang == en');

export const banBodySchema = named('Ban', z.strictObject({ conditions: conditions() }));

export const bannedSchema = named(
  'Banned',
  z.strictObject({
    banned: conditions(),
  }),
);
