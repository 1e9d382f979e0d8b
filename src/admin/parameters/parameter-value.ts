/**
 * Values of parameters as varnishd reads and writes them: seconds with a decimal fraction, bytes with a unit, counts in
 * any base of C, switches, sets of bits. Refusals are its sentences, because scripts compare them.
 */
import { parseDuration } from '../../duration.ts';
import type { ParameterSpec } from './parameter-specs.ts';

export type ParameterValue = number | boolean | string | PoolSize | readonly string[];

interface PoolSize {
  readonly least: number;
  readonly most: number;
  /** Seconds. */
  readonly age: number;
}

/** What is read, or a sentence that says what is wrong. */
export type ReadValue = { readonly value: ParameterValue } | { readonly mistake: string };

export interface Bounds {
  readonly least?: string | undefined;
  readonly most?: string | undefined;
  /** What a bound depends on. */
  readonly leastReason?: string | undefined;
  readonly mostReason?: string | undefined;
}

/** varnishd's counts have 32 bits, and the largest means none. */
const UNLIMITED = 0xffff_ffff;

/**
 * Reads a value.
 *
 * @param before what the parameter is now: bits are added to it and taken away
 */
export function readValue(
  spec: ParameterSpec,
  text: string,
  bounds: Bounds,
  before: ParameterValue,
): ReadValue {
  switch (spec.kind) {
    case 'seconds':
    case 'number':
      return readDecimal(text, bounds, spec.kind === 'seconds');
    case 'count':
      return readCount(text, bounds);
    case 'bytes':
      return readBytes(text, bounds);
    case 'boolean':
      return readSwitch(text);
    case 'pool':
      return readPool(text);
    case 'storage':
      if (text === 'Transient' || text === 's0') return { value: text };
      return { mistake: `unknown storage backend '${text}'` };
    case 'bits':
      return readBits(spec, text, Array.isArray(before) ? before : []);
    case 'text':
    case 'absent':
      return { value: text };
    default:
      return spec.kind satisfies never;
  }
}

/** As param.show writes it. */
export function shownValue(spec: ParameterSpec, value: ParameterValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (isBits(value)) return shownBits(spec, value);
  if (typeof value === 'object') return `${value.least},${value.most},${value.age}`;
  if (typeof value === 'string') return value;
  if (spec.kind === 'seconds') return value.toFixed(3);
  if (spec.kind === 'bytes') return shownBytes(value);
  return value === UNLIMITED ? 'unlimited' : String(value);
}

export function valueInJson(spec: ParameterSpec, value: ParameterValue): string {
  if (typeof value === 'object' && !isBits(value)) {
    return `{\n  "min_pool": ${value.least},\n  "max_pool": ${value.most},\n  "max_age": ${value.age}\n}`;
  }
  if (typeof value === 'number') return spec.kind === 'seconds' ? value.toFixed(3) : String(value);
  return JSON.stringify(isBits(value) ? shownBits(spec, value) : value);
}

function isBits(value: ParameterValue): value is readonly string[] {
  return Array.isArray(value);
}

/** Digits before and after the point that a number may have. */
const MOST_DIGITS = 15;

function readDecimal(text: string, { least, most }: Bounds, isSeconds: boolean): ReadValue {
  // A unit is more than varnishd understands: there, 500ms would be 500 seconds.
  const withUnit = isSeconds ? parseDuration(text) : undefined;
  const match = /^\s*(-?)(\d*)(?:\.(\d{0,3})\d*)?/.exec(text);
  const [, sign = '', whole = '', fraction = ''] = match ?? [];
  if (whole === '' && fraction === '') return { mistake: `Invalid number (${text})\n` };
  if (whole.length > MOST_DIGITS) return { mistake: `Too many digits (${text})\n` };
  const number = Number(`${sign}${whole === '' ? '0' : whole}.${fraction === '' ? '0' : fraction}`);
  const value = withUnit === undefined ? number : withUnit / 1_000;
  if (least !== undefined && value < Number(least)) {
    return { mistake: `Must be greater or equal to ${least}\n` };
  }
  if (most !== undefined && value > Number(most)) {
    return { mistake: `Must be less than or equal to ${most}\n` };
  }
  return { value };
}

function readCount(text: string, { least, most, leastReason, mostReason }: Bounds): ReadValue {
  const match = /^\s*([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(text);
  const isUnlimited = text.toLowerCase() === 'unlimited';
  if (match === null && !isUnlimited) return { mistake: `Not a number (${text})\n` };
  const digits = match?.[2] ?? '';
  const isOctal = /^0[0-7]+$/.test(digits);
  const size = isUnlimited ? UNLIMITED : Number(isOctal ? `0o${digits.slice(1)}` : digits);
  if (match?.[1] === '-' && size > 0) return { mistake: `Must be at least ${least ?? 0}\n` };
  if (least !== undefined && size < Number(least)) {
    return { mistake: `Must be at least ${least}${because(leastReason)}\n` };
  }
  const greatest = most ?? UNLIMITED;
  if (size > Number(greatest)) return { mistake: `Must be no more than ${greatest}${because(mostReason)}\n` };
  return { value: size };
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${reason})`;
}

const powers = 'kmgtp';

/** Bytes as they are written, `80k`, `1.5M`, `12b`; or why they are not. */
function bytesOf(text: string): number | string {
  const [, whole = '', point, fraction = '', rest = ''] = /^\s*(\d*)(\.(\d*))?\s*(.*)$/s.exec(text) ?? [];
  if (whole.length > MOST_DIGITS) return 'Too many digits';
  if (whole === '' ? fraction === '' : point === '.') return 'Invalid number';
  const [, unit, isOdd] = /^([kmgtpb]?)b?\s*(.*)$/is.exec(rest) ?? [];
  if (unit === undefined || isOdd !== '') return 'Unknown BYTES unit of measurement ([KMGTP][B])';
  const number = Number(`${whole}.${fraction}`.replace(/^\./, '0.'));
  const power = powers.indexOf(unit.toLowerCase() || 'b');
  if (power < 0 && !Number.isInteger(number)) return 'Fractional BYTES not allowed';
  return Math.trunc(number * 1_024 ** (power + 1));
}

function readBytes(text: string, { least, most }: Bounds): ReadValue {
  const value = bytesOf(text);
  if (typeof value === 'string') {
    return { mistake: `Could not convert to bytes.\n${value}\n  Try something like '80k' or '120M'\n` };
  }
  if (most !== undefined && value > Number(bytesOf(most))) {
    return { mistake: `Must be no more than ${most}\n\n` };
  }
  if (least !== undefined && value < Number(bytesOf(least)))
    return { mistake: `Must be at least ${least}\n` };
  return { value };
}

function shownBytes(size: number): string {
  let rest = size;
  if (rest === 0 || rest % 256 !== 0) return `${rest}b`;
  for (const unit of 'kMGTP') {
    if (rest % 1_024 !== 0) return `${Number.isInteger(rest) ? (rest / 1_024).toFixed(2) : rest}${unit}`;
    rest /= 1_024;
    if (rest % 256 !== 0) return `${rest}${unit}`;
  }
  return `${size}b`;
}

function readSwitch(text: string): ReadValue {
  const word = text.toLowerCase();
  if (['off', 'disable', 'no', 'false'].includes(word)) return { value: false };
  if (['on', 'enable', 'yes', 'true'].includes(word)) return { value: true };
  return { mistake: 'use "on" or "off"\n' };
}

function readPool(text: string): ReadValue {
  const [first, second, third] = text.split(',').map((part) => part.trim());
  if (first === undefined || second === undefined || third === undefined) {
    return { mistake: 'Three fields required: min_pool, max_pool and max_age\n' };
  }
  const least = readCount(first, {});
  if ('mistake' in least) return least;
  const most = readCount(second, {});
  if ('mistake' in most) return most;
  const age = readDecimal(third, { least: '0', most: '1000000' }, false);
  if ('mistake' in age) return age;
  const [from, to, seconds] = [Number(least.value), Number(most.value), Number(age.value)];
  if (from > to) return { mistake: 'min_pool cannot be larger than max_pool\n' };
  return { value: { least: from, most: to, age: seconds } };
}

/** Which names are marked with the sign that is shown. */
function readBits(spec: ParameterSpec, text: string, before: readonly string[]): ReadValue {
  const { bits = [], sign = '+' } = spec;
  if (text === 'none' && sign === '+') return { value: [] };
  if (text === 'default' && spec.default !== 'none') return readBits(spec, spec.default, []);
  const marked = new Set(before);
  for (const word of text.split(/[\s,]+/).filter((one) => one !== '')) {
    if (!/^[+-]/.test(word)) return { mistake: `Missing '+' or '-' (${word})\n` };
    const name = bits.find((one) => one.toLowerCase() === word.slice(1).toLowerCase());
    if (name === undefined) return { mistake: `Unknown ${titles[spec.name] ?? 'bit'} (${word})\n` };
    if (word.startsWith(sign)) marked.add(name);
    else marked.delete(name);
  }
  return { value: bits.filter((one) => marked.has(one)) };
}

const titles: Readonly<Record<string, string>> = {
  debug: 'debug bit',
  experimental: 'experimental bit',
  feature: 'feature bit',
  vsl_mask: 'VSL tag',
};

function shownBits({ sign = '+' }: ParameterSpec, marked: readonly string[]): string {
  if (marked.length === 0) return sign === '+' ? 'none' : '(all enabled)';
  return marked.map((name) => `${sign}${name}`).join(',');
}
