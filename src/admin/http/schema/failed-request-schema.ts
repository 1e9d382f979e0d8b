/** Requests that Troupe could not serve as it should have, each with its story. */
import { z } from 'zod';
import { count, countInQuery, identity, milliseconds, named, wallTime } from './named.ts';

const backendTry = named(
  'BackendTry',
  z.strictObject({
    identity: identity().optional().describe('who was asked; absent: nobody could be'),
    via: z.array(z.string()).describe('directors and saintmode objects that led there'),
    denied: z.array(identity()).optional().describe('stepped over because of saint entries'),
    panic: z
      .string()
      .optional()
      .describe('the director that ignored health, too few of its members being healthy'),
    waitedMs: milliseconds().optional().describe('waiting for a slot, before it began'),
    startMs: milliseconds().describe("when it began, in milliseconds from the request's receipt"),
    ms: milliseconds(),
    connectMs: milliseconds().optional(),
    firstByteMs: milliseconds().optional(),
    status: count().optional(),
    error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
    deniedForMs: z.number().optional(),
    givenUp: z.string().optional().describe('why its answer is not what the client got'),
  }),
);

const hookMistake = named(
  'HookMistake',
  z.strictObject({
    hook: z.string(),
    code: z.string(),
    message: z.string(),
    place: z.strictObject({ file: z.string(), line: count(), column: count() }).optional(),
  }),
);

export const failedRequestSchema = named(
  'FailedRequest',
  z.strictObject({
    time: wallTime().describe('when it was received, in milliseconds since 1970-01-01 UTC'),
    xid: z.string(),
    config: z.string().optional().describe('key of the config; absent: none was in use'),
    listener: z.string(),
    client: z.string(),
    method: z.string(),
    url: z.string(),
    host: z.string().optional(),
    proto: z.string(),
    status: count(),
    ending: z.enum(['complete', 'cut', 'aborted', 'piped']),
    tunnelEnd: z.string().optional(),
    bytesSent: count(),
    bytesReceived: count(),
    ms: milliseconds(),
    phases: z.strictObject({ recv: z.number(), fetch: z.number(), deliver: z.number() }),
    restarts: count(),
    retries: count(),
    tries: z.array(backendTry),
    lines: z.array(z.string()).describe('what hooks wrote, and what Troupe has to say'),
    hookErrors: z.array(hookMistake),
    failure: z.strictObject({ code: z.string().optional(), message: z.string() }),
  }),
);

export const failedRequestsQuerySchema = z.strictObject({
  limit: countInQuery().optional().describe('the latest so many'),
});

export const failedRequestsSchema = named(
  'FailedRequests',
  z.strictObject({ failedRequests: z.array(failedRequestSchema).describe('the oldest first') }),
);

export type FailedRequests = z.infer<typeof failedRequestsSchema>;
