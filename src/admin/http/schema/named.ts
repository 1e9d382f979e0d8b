/**
 * One schema for three things: the types that the code is written in, the checks on what comes in, and the
 * OpenAPI document. A named schema stands in the document's components under that name.
 */
import { z } from 'zod';

export const namedSchemas = z.registry<{ readonly id: string }>();

/** Gives a schema its name in the OpenAPI document. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  namedSchemas.add(schema, { id });
  return schema;
}

export const count = () => z.int().nonnegative();
/** A point in time. */
export const wallTime = () => z.number().describe('milliseconds since 1970-01-01 UTC');
export const milliseconds = () => z.number().nonnegative().describe('milliseconds');
export const identity = () =>
  z.string().describe('a whole backend identity, as b1(127.0.0.1:8080,[::1]:8080)');

/** A whole number in a query. */
export const countInQuery = () =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number of at least 0')
    .transform(Number);

/** Yes or no in a query. */
export const flagInQuery = () => z.enum(['true', 'false']).transform((text) => text === 'true');

/** What lists that may be long take: a page of them is answered. */
export const pageQuery = {
  from: countInQuery().optional().describe('the `next` of the page before'),
  limit: countInQuery().optional().describe('entries on a page, at most'),
};

/** Where the next page begins. */
export const next = () =>
  count().optional().describe('`from` of the next page; absent: this was the last one');
