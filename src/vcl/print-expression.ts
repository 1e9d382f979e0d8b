/** Writes expressions as text. Long ones have a line for each operand of their outermost operator. */
import type { Call, Expression, Name } from './syntax.ts';
import type { Token } from './token.ts';

/**
 * @param width columns beyond which it is broken into lines; default: never
 * @param indent what those begin with
 */
export function printExpression(node: Expression, width = Number.POSITIVE_INFINITY, indent = ''): string {
  const line = printOperators(node, ' ');
  return line.length <= width || line.includes('\n') ? line : printOperators(node, `\n${indent}`);
}

/** @param gap what stands behind the outermost operators */
function printOperators(node: Expression, gap: string): string {
  switch (node.kind) {
    case 'logic':
      return node.operands.map((operand) => printExpression(operand)).join(` ${node.operator.text}${gap}`);
    case 'not':
      return `!${printExpression(node.of)}`;
    case 'comparison':
      return `${printExpression(node.left)} ${node.operator.text} ${printExpression(node.right)}`;
    case 'sum':
    case 'product':
      return `${printOperators(node.left, gap)} ${node.operator.text}${gap}${printExpression(node.right)}`;
    default:
      return printTerm(node);
  }
}

export function printTerm(node: Expression): string {
  switch (node.kind) {
    case 'string':
      return printString(node.token);
    case 'blob':
      return `:${node.token.text}:`;
    case 'number':
      return `${node.isNegative ? '-' : ''}${node.token.text}${node.unit?.text ?? ''}`;
    case 'name':
      return printName(node.name) + printCall(node.call);
    case 'property':
      return `${printTerm(node.of)}.${node.name.text}${printCall(node.call)}`;
    case 'group':
      return `(${printExpression(node.of)})`;
    case 'minus':
      return `-${printExpression(node.of)}`;
    default:
      return printExpression(node);
  }
}

export function printName(name: Name): string {
  return name.map((token) => (token.kind === 'CSTR' ? `"${token.text}"` : token.text)).join('.');
}

/** In the shortest quotes that can hold it. */
export function printString({ text }: Token): string {
  if (!/["\r\n]/.test(text)) return `"${text}"`;
  return text.includes('"}') ? `"""${text}"""` : `{"${text}"}`;
}

function printCall(call: Call | undefined): string {
  if (call === undefined) return '';
  const args = call.args.map(({ name, value }) => {
    const word = name === undefined ? '' : `${name.text} = `;
    return word + printExpression(value);
  });
  return `(${args.join(', ')})`;
}
