/** Pieces of a program with something in them replaced; everything else stays as it is. */
import type { Block, Call, Expression, Statement } from '../syntax.ts';

export type NameExpression = Extract<Expression, { kind: 'name' }>;

/** @param replace gives what stands for a name, whose arguments have been replaced already */
export function mapNames(node: Expression, replace: (name: NameExpression) => Expression): Expression {
  const map = (inner: Expression): Expression => mapNames(inner, replace);
  const mapCall = (call: Call | undefined): Call | undefined =>
    call && { ...call, args: call.args.map(({ name, value }) => ({ name, value: map(value) })) };
  switch (node.kind) {
    case 'string':
    case 'blob':
    case 'number':
      return node;
    case 'name':
      return replace({ ...node, call: mapCall(node.call) });
    case 'property':
      return { ...node, of: map(node.of), call: mapCall(node.call) };
    case 'group':
    case 'minus':
    case 'not':
      return { ...node, of: map(node.of) };
    case 'product':
    case 'sum':
    case 'comparison':
      return { ...node, left: map(node.left), right: map(node.right) };
    case 'logic':
      return { ...node, operands: node.operands.map(map) };
    default:
      return node satisfies never;
  }
}

/** @param map what is done with its expressions and with its blocks */
export function mapParts(
  statement: Statement,
  map: { readonly expression: (node: Expression) => Expression; readonly block: (block: Block) => Block },
): Statement {
  switch (statement.kind) {
    case 'block':
      return { ...statement, body: map.block(statement.body) };
    case 'if': {
      const branches = statement.branches.map(({ condition, body }) => ({
        condition: map.expression(condition),
        body: map.block(body),
      }));
      return { ...statement, branches, otherwise: statement.otherwise && map.block(statement.otherwise) };
    }
    case 'set':
      return { ...statement, value: map.expression(statement.value) };
    case 'action':
      return { ...statement, argument: map.expression(statement.argument) };
    case 'expression':
      return { ...statement, expression: map.expression(statement.expression) };
    case 'new':
      return { ...statement, object: map.expression(statement.object) };
    case 'return': {
      const { action } = statement;
      return { ...statement, action: action && { ...action, args: action.args?.map(map.expression) } };
    }
    case 'unset':
    case 'call':
      return statement;
    default:
      return statement satisfies never;
  }
}
