/** How request code wants a shard director to pick: `app.backend({ alt: 1 })`, `bereq.shard(app, { by: 'url' })`. */
import { TroupeError } from '../errors.ts';
import { keyOfBlob, shardKey } from '../shard-key.ts';
import type { ShardChoice, ShardHealth, ShardParamDeclaration } from './shard-declaration.ts';
import { showValue } from './show-value.ts';
import { didYouMean } from './suggest.ts';

interface CommonUse {
  /**
   * Which alternative to take: 0, the default, is the member preferred for the key, 1 the next one along the
   * ring, and so on. With `alt: bereq.retries` and `healthy: 'all'` each retry asks another backend.
   */
  readonly alt?: number | undefined;
  /**
   * Share of the requests, 0 to 1, that goes to the next alternative, to warm it up for the day it is needed.
   * Default: the director's `warmup`, which -1 stands for. Only with `alt` 0.
   */
  readonly warmup?: number | undefined;
  /** Whether a member that has just become healthy gets its requests little by little. Default: true. */
  readonly rampup?: boolean | undefined;
  /**
   * `'chosen'`, the default: the member picked is a healthy one. `'all'`: `alt` counts healthy members only.
   * `'ignore'`: health does not matter; a request whose backend turns out to be sick fails.
   */
  readonly healthy?: ShardHealth | undefined;
  /** Options for what is left out here, instead of the director's own set. */
  readonly param?: ShardParamDeclaration | undefined;
}

interface UseByRequest {
  /** What places the request on the ring: `'hash'`, the default, its hash; `'url'` the URL to be asked for. */
  readonly by?: 'hash' | 'url' | undefined;
  readonly key?: undefined;
  readonly keyBlob?: undefined;
}

interface UseByKey {
  readonly by?: 'key' | undefined;
  /** A text, such as a user's name, or a number of 32 bits, such as `app.key()` returns. */
  readonly key: string | number;
  readonly keyBlob?: undefined;
}

interface UseByBlob {
  readonly by?: 'blob' | undefined;
  /** The first four bytes count, the most significant one first. */
  readonly keyBlob: Uint8Array;
  readonly key?: undefined;
}

/** Options of one pick; what is left out is as the director, or its parameter set, has it. */
export type ShardUse = CommonUse & (UseByRequest | UseByKey | UseByBlob);

/** What can be said of a parameter set: everything but another one. */
export type ShardParamUse = Omit<CommonUse, 'param'> & (UseByRequest | UseByKey | UseByBlob);

const options = ['by', 'key', 'keyBlob', 'alt', 'warmup', 'rampup', 'healthy', 'param'];
const keyings = ['hash', 'url', 'key', 'blob'] as const;
const healths = ['chosen', 'ignore', 'all'] as const;

interface UseMistake {
  readonly option: string;
  /** `alt must be ..., but is -1.` */
  readonly message: string;
  readonly advice?: string | undefined;
}

/** @throws TroupeError `config.invalid` names the call and the option */
export function readShardUse(use: ShardUse, call: string): ShardChoice {
  const [mistake] = shardUseMistakes(use);
  if (mistake === undefined) return choiceOf(use);
  const { message, advice } = mistake;
  throw new TroupeError('config.invalid', `${call}: ${message}`, { side: 'troupe', advice });
}

/** What options that have no mistake mean. */
function choiceOf(use: ShardUse): ShardChoice {
  const { alt, warmup, rampup, healthy, param } = use;
  return { ...keyingOf(use), alt, warmup, rampup, healthy, param };
}

function keyingOf({ by, key, keyBlob }: ShardUse): Pick<ShardChoice, 'by' | 'key'> {
  if (keyBlob !== undefined) return { by: 'blob', key: keyOfBlob(keyBlob) };
  if (key !== undefined) return { by: 'key', key: typeof key === 'string' ? shardKey(key) : key };
  return { by };
}

/** @param given of any type: request code need not be TypeScript */
export function* shardUseMistakes(given: unknown): Generator<UseMistake> {
  if (typeof given !== 'object' || given === null) {
    yield { option: '', message: `the options must be an object, but are ${showValue(given)}.` };
    return;
  }
  const use = given as Readonly<Record<string, unknown>>;
  for (const option of Object.keys(use)) {
    if (options.includes(option)) continue;
    const advice = didYouMean(option, options) ?? `There are ${options.join(', ')}.`;
    yield { option, message: `there is no option '${option}'.`, advice };
  }
  yield* keyMistakes(use);
  const { alt, warmup, rampup, healthy, param } = use;
  if (alt !== undefined && !(Number.isSafeInteger(alt) && Number(alt) >= 0)) {
    yield must('alt', 'be a whole number from 0', alt);
  }
  const isShare = typeof warmup === 'number' && warmup >= 0 && warmup <= 1;
  if (warmup !== undefined && warmup !== -1 && !isShare) {
    yield must('warmup', "be a number from 0 to 1, or -1 for the director's", warmup);
  }
  if (rampup !== undefined && typeof rampup !== 'boolean') {
    const mistake = must('rampup', 'be true or false', rampup);
    yield { ...mistake, advice: 'Its duration is an option of the director and of its members.' };
  }
  if (healthy !== undefined && !healths.includes(healthy as ShardHealth)) {
    yield must('healthy', `be ${anyOf(healths)}`, healthy);
  }
  if (param !== undefined && !isParam(param)) yield must('param', 'be made by shardParam()', param);
}

function* keyMistakes(use: Readonly<Record<string, unknown>>): Generator<UseMistake> {
  const { by, key, keyBlob } = use;
  if (by !== undefined && !keyings.includes(by as (typeof keyings)[number])) {
    yield must('by', `be ${anyOf(keyings)}`, by);
    return;
  }
  if (key !== undefined && keyBlob !== undefined) {
    yield {
      option: 'keyBlob',
      message: 'keyBlob has no meaning together with key.',
      advice: 'Leave out one.',
    };
    return;
  }
  if (by !== undefined && by !== 'key' && key !== undefined) yield meaningless('key', by);
  if (by !== undefined && by !== 'blob' && keyBlob !== undefined) yield meaningless('keyBlob', by);
  if (by === 'key' && key === undefined) yield { option: 'by', message: "by: 'key' needs a key." };
  if (by === 'blob' && keyBlob === undefined) yield { option: 'by', message: "by: 'blob' needs a keyBlob." };
  const isNumber = Number.isInteger(key) && Number(key) >= 0 && Number(key) <= 0xffff_ffff;
  if (key !== undefined && typeof key !== 'string' && !isNumber) {
    yield must('key', 'be a string or a whole number of 32 bits', key);
  }
  if (keyBlob !== undefined && !(keyBlob instanceof Uint8Array)) {
    yield must('keyBlob', 'be bytes, a Uint8Array', keyBlob);
  }
}

function meaningless(option: string, by: unknown): UseMistake {
  return { option, message: `${option} has no meaning with by: ${showValue(by)}.`, advice: 'Leave out one.' };
}

function must(option: string, rule: string, value: unknown): UseMistake {
  return { option, message: `${option} must ${rule}, but is ${showValue(value)}.` };
}

function anyOf(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

export function isParam(value: unknown): value is ShardParamDeclaration {
  return typeof value === 'object' && value !== null && 'id' in value && 'choice' in value;
}
