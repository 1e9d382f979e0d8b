/** Expressions whose value is known when a program is loaded: arguments of `new`. */
import type { Checked } from './checked.ts';

export type Constant = string | number | boolean | undefined;

/** @returns undefined: it is known only while requests are served */
export function constantOf(node: Checked): { readonly value: Constant } | undefined {
  switch (node.op) {
    case 'constant':
      return { value: node.value };
    case 'group':
      return constantOf(node.of);
    case 'negative':
      return mapped(node.of, (value) => -Number(value));
    case 'not':
      return mapped(node.of, (value) => value !== true);
    case 'truth':
      // A text counts as true, whatever it says; a number unless it is 0, a duration if it is above.
      return mapped(node.of, (value) => (node.of.type === 'DURATION' ? Number(value) > 0 : value !== 0));
    case 'concat': {
      const parts = node.parts.map(constantOf);
      if (parts.includes(undefined)) return undefined;
      return { value: parts.map((part) => String(part?.value ?? '')).join('') };
    }
    case 'arithmetic':
      return calculated(node.operator, constantOf(node.left), constantOf(node.right), node.type === 'INT');
    default:
      return undefined;
  }
}

function mapped(node: Checked, map: (value: Constant) => Constant): { readonly value: Constant } | undefined {
  const known = constantOf(node);
  return known && { value: map(known.value) };
}

function calculated(
  operator: string,
  left: { readonly value: Constant } | undefined,
  right: { readonly value: Constant } | undefined,
  isWhole: boolean,
): { readonly value: number } | undefined {
  if (left === undefined || right === undefined) return undefined;
  const [a, b] = [Number(left.value), Number(right.value)];
  switch (operator) {
    case '+':
      return { value: a + b };
    case '-':
      return { value: a - b };
    case '*':
      return { value: a * b };
    case '/':
      return b === 0 ? undefined : { value: isWhole ? Math.trunc(a / b) : a / b };
    case '%':
      return b === 0 ? undefined : { value: a % b };
    default:
      return undefined;
  }
}
