/**
 * The shape of the options that a user writes: which there are and of what type. What values mean, and which
 * are sensible, is checked for both front ends in check-values.ts.
 */
import { z } from 'zod';
import { durationHint, parseDuration } from '../duration.ts';

/** Messages go between an option's name and `, but is VALUE.` */
const number = z.number({ error: 'must be a number' }).optional();
const text = z.string({ error: 'must be a string' }).optional();
const flag = z.boolean({ error: 'must be true or false' }).optional();

const duration = z
  .unknown()
  .transform((value, context) => {
    if (value === undefined) return undefined;
    const ms = parseDuration(value);
    if (ms === undefined) context.addIssue({ code: 'custom', message: `must be ${durationHint}` });
    return ms;
  })
  .optional();

/** A request's lines, whether they came as a list or as one text. */
const requestLines = z
  .unknown()
  .transform((value, context) => {
    if (value === undefined) return undefined;
    const lines = typeof value === 'string' ? value.replace(/(\r?\n)+$/, '').split(/\r?\n/) : value;
    if (Array.isArray(lines) && lines.every((line) => typeof line === 'string')) return lines as string[];
    context.addIssue({
      code: 'custom',
      message: "must be the request's lines: a string or a list of strings",
    });
    return undefined;
  })
  .optional();

const probeObject = z.strictObject(
  {
    url: text,
    request: requestLines,
    expectedResponse: number,
    timeout: duration,
    interval: duration,
    initial: number,
    window: number,
    threshold: number,
    expectClose: flag,
  },
  { error: 'must be true or an object of probe options' },
);

/** `probe: true` takes every default; `probe: false` reads like what it does. */
const probe = z.preprocess((value) => {
  if (value === true) return {};
  return value === false ? undefined : value;
}, probeObject.optional());

export const backendSchema = z.strictObject(
  {
    host: text,
    port: number,
    path: text,
    hostHeader: text,
    proxyHeader: z.union([z.literal(1), z.literal(2)], { error: 'must be 1 or 2' }).optional(),
    probe,
    connectTimeout: duration,
    firstByteTimeout: duration,
    betweenBytesTimeout: duration,
    maxConnections: number,
    waitLimit: number,
    waitTimeout: duration,
  },
  { error: 'must be an object of options' },
);

export const saintmodeSchema = z.strictObject(
  { threshold: z.number({ error: 'must be a number' }) },
  { error: 'must be an object of options' },
);

const threads = z
  .tuple([z.number(), z.number()], { error: 'must be two numbers, the least and the most: [1, 4]' })
  .optional();

export const peerSchema = z.strictObject(
  {
    host: z.string({ error: 'must be a string' }),
    port: number,
    threads,
    timeout: duration,
    connectTimeout: duration,
    maxQueue: number,
    whenFull: z.enum(['refuse', 'drop-oldest'], { error: "must be 'refuse' or 'drop-oldest'" }).optional(),
    retries: number,
  },
  { error: 'must be an object of options' },
);

/** One shape, of which each kind of director has a part. */
const directorOptions = z.strictObject(
  { sticky: flag, halfLife: duration, slowStart: duration, panicThreshold: number },
  { error: 'must be an object of options' },
);

export const directorSchemas = {
  round_robin: directorOptions.pick({ panicThreshold: true }),
  fallback: directorOptions.pick({ sticky: true }),
  random: directorOptions.pick({ slowStart: true, panicThreshold: true }),
  hash: directorOptions.pick({ panicThreshold: true }),
  least_connections: directorOptions.pick({ slowStart: true, panicThreshold: true }),
  peak_ewma: directorOptions.pick({ halfLife: true, slowStart: true, panicThreshold: true }),
};

export const shardSchema = z.strictObject(
  {
    replicas: number,
    rampup: duration,
    warmup: number,
    by: text,
    alt: number,
    healthy: text,
    /** A handle. */
    param: z.unknown().optional(),
  },
  { error: 'must be an object of options' },
);

/** Without `target`, which is a handle. */
export const shardMemberSchema = z.strictObject(
  { target: z.unknown().optional(), ident: text, weight: number, rampup: duration },
  { error: 'must be an object of options' },
);

/** Without `target`, which is a handle. */
export const weightedSchema = z.strictObject({ target: z.unknown(), weight: number });

/** Options that a kind of director does not have are never there. */
export type DirectorShape = z.output<typeof directorOptions>;
export type ProbeShape = z.output<typeof probeObject>;
export type BackendShape = z.output<typeof backendSchema>;

export const cacheSchema = z.strictObject(
  {
    rules: z.enum(['rfc9111', 'varnish'], { error: "must be 'rfc9111' or 'varnish'" }).optional(),
    defaultTtl: duration,
    defaultGrace: duration,
    defaultKeep: duration,
  },
  { error: 'must be false, or an object with rules, defaultTtl, defaultGrace, defaultKeep' },
);
