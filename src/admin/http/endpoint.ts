/** One endpoint of the API: how it is asked, what it does, and the schemas of both sides. */
import { z } from 'zod';
import { TroupeError } from '../../errors.ts';
import type { EventHub } from './events/event-hub.ts';
import type { Operated } from './operated.ts';
import type { TransitionRecord } from './transition-record.ts';

/** What endpoints look at and act on. */
export interface Stage {
  readonly operated: Operated;
  readonly transitions: TransitionRecord;
  readonly events: EventHub;
  /** Milliseconds since 1970: when the dashboard was opened. */
  readonly startedAt: number;
  /** @throws TroupeError `admin.forbidden`: the file may not be loaded by whoever can ask */
  checkLoadable(file: string): void;
}

export interface Call<Query, Body> {
  readonly stage: Stage;
  /** What stands in the path in place of `{name}`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** `/api/v1/configs/{name}/use` */
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  /** undefined: it takes none. */
  readonly body: z.ZodType | undefined;
  readonly answer: z.ZodType;
  /** Checks what came, and does it. @throws TroupeError */
  run(call: Call<unknown, unknown>): unknown;
}

const noQuery = z.strictObject({});
/** Clients that send `{}` with every POST mean nothing by it. */
const noBody = z.strictObject({}).optional();

/** Makes an endpoint whose code sees only what has been checked. */
export function endpoint<
  Answer extends z.ZodType,
  Query extends z.ZodObject = typeof noQuery,
  Body extends z.ZodType = z.ZodUndefined,
>(options: {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly summary: string;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  run(call: Call<z.output<Query>, z.output<Body>>): z.output<Answer> | Promise<z.output<Answer>>;
}): Endpoint {
  const { method, path, summary, answer } = options;
  const query: z.ZodObject = options.query ?? noQuery;
  const { body } = options;
  return {
    method,
    path,
    summary,
    query,
    body,
    answer,
    run(call) {
      const checked = {
        ...call,
        query: check('query', query, call.query) as z.output<Query>,
        body: check('body', body ?? noBody, call.body) as z.output<Body>,
      };
      return options.run(checked);
    },
  };
}

/** @throws TroupeError `admin.malformed` */
export function check<Schema extends z.ZodType>(
  where: 'query' | 'body',
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new TroupeError('admin.malformed', `The ${where} is not as it must be: ${mistakes.join('; ')}.`, {
    side: 'client',
    advice: 'GET /api/v1/openapi.json describes it.',
  });
}
