/** The types of VCL's values, with what varnishd's compiler (vcc_types.c) allows for each. */

const valueTypes = [
  'ACL',
  'BACKEND',
  'BLOB',
  'BODY',
  'BOOL',
  'BYTES',
  'DURATION',
  'ENUM',
  'HEADER',
  'HTTP',
  'INSTANCE',
  'INT',
  'IP',
  'PROBE',
  'REAL',
  'REGEX',
  'STEVEDORE',
  'STRANDS',
  'STRING',
  'SUB',
  'TIME',
  'VOID',
] as const;

export type ValueType = (typeof valueTypes)[number];

export function isValueType(name: string): name is ValueType {
  return valueTypes.some((type) => type === name);
}

/** Types whose values become text where text is wanted. */
const haveText: ReadonlySet<ValueType> = new Set([
  'ACL',
  'BACKEND',
  'BLOB',
  'BOOL',
  'BYTES',
  'DURATION',
  'HEADER',
  'INT',
  'IP',
  'REAL',
  'STEVEDORE',
  'TIME',
]);

export function hasText(type: ValueType): boolean {
  return haveText.has(type);
}

/** Whether any expression that has text will do. */
export function isText(type: ValueType): boolean {
  return type === 'STRING' || type === 'STRANDS';
}

/** What a value may be multiplied with, or divided by; undefined: nothing. INT always may. */
export function factorOf(type: ValueType): ValueType | undefined {
  switch (type) {
    case 'INT':
      return 'INT';
    case 'REAL':
    case 'DURATION':
    case 'BYTES':
      return 'REAL';
    default:
      return undefined;
  }
}

/** Sums and differences: operator, left, right, result. */
const sums: readonly (readonly ['+' | '-', ValueType, ValueType, ValueType])[] = [
  ['+', 'BYTES', 'BYTES', 'BYTES'],
  ['-', 'BYTES', 'BYTES', 'BYTES'],
  ['+', 'DURATION', 'DURATION', 'DURATION'],
  ['-', 'DURATION', 'DURATION', 'DURATION'],
  ['+', 'INT', 'INT', 'INT'],
  ['-', 'INT', 'INT', 'INT'],
  ['+', 'INT', 'REAL', 'REAL'],
  ['-', 'INT', 'REAL', 'REAL'],
  ['+', 'REAL', 'INT', 'REAL'],
  ['-', 'REAL', 'INT', 'REAL'],
  ['+', 'REAL', 'REAL', 'REAL'],
  ['-', 'REAL', 'REAL', 'REAL'],
  ['-', 'TIME', 'TIME', 'DURATION'],
  ['+', 'TIME', 'DURATION', 'TIME'],
  ['-', 'TIME', 'DURATION', 'TIME'],
];

/** Whether something can be added to, or taken from, a value of that type. */
export function isSummand(operator: string, left: ValueType): boolean {
  return sums.some(([sign, a]) => sign === operator && a === left);
}

export function sumOf(operator: string, left: ValueType, right: ValueType): ValueType | undefined {
  return sums.find(([sign, a, b]) => sign === operator && a === left && b === right)?.[3];
}

const ordered: ReadonlySet<ValueType> = new Set(['INT', 'DURATION', 'BYTES', 'REAL', 'TIME', 'STRING']);
const equatable: ReadonlySet<ValueType> = new Set([
  'BACKEND',
  'ACL',
  'PROBE',
  'SUB',
  'INSTANCE',
  'BOOL',
  'IP',
]);

/** Whether values of a type can be compared so. */
export function isComparable(type: ValueType, operator: string): boolean {
  switch (operator) {
    case '==':
    case '!=':
      return ordered.has(type) || equatable.has(type);
    case '~':
    case '!~':
      return type === 'STRING' || type === 'IP';
    default:
      return ordered.has(type);
  }
}

/** What `set` takes for a variable of a type and an operator. */
export function assignableOf(type: ValueType, operator: string): ValueType | undefined {
  switch (type) {
    case 'INT':
      return 'INT';
    case 'TIME':
    case 'DURATION':
      if (operator === '=') return type;
      return operator === '+=' || operator === '-=' ? 'DURATION' : 'REAL';
    case 'STRING':
    case 'HEADER':
      return operator === '=' || operator === '+=' ? 'STRANDS' : undefined;
    case 'BODY':
      return operator === '=' || operator === '+=' ? 'BODY' : undefined;
    default:
      return operator === '=' ? type : undefined;
  }
}

/** Seconds. vcl(7), "Durations". */
export const durationUnits: ReadonlyMap<string, number> = new Map([
  ['ms', 0.001],
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
  ['w', 604_800],
  ['y', 31_536_000],
]);

/** Bytes. vcl(7), "Bytes"; upper and lower case are the same. */
export const byteUnits: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ...['k', 'm', 'g', 't', 'p'].flatMap((letter, index): [string, number][] => [
    [letter, 2 ** (10 * (index + 1))],
    [`${letter}b`, 2 ** (10 * (index + 1))],
  ]),
]);
