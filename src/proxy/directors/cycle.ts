/** Finds directors that contain themselves: a request would never come to an end in them. */
import { DirectorNode } from './director-target.ts';
import type { TargetNode } from './target-node.ts';

/**
 * The names on a way from `from` to `to` through members, both included; undefined if there is none.
 * Cost: O(members below `from`).
 */
export function findWay(from: TargetNode, to: DirectorNode): readonly string[] | undefined {
  // Most members are backends, and a config can have very many.
  if (!(from instanceof DirectorNode)) return undefined;
  const seen = new Set<TargetNode>();
  const way: string[] = [];

  function search(node: TargetNode): boolean {
    if (!(node instanceof DirectorNode) || seen.has(node)) return false;
    seen.add(node);
    way.push(node.name);
    if (node === to || node.members.some(({ target }) => search(target))) return true;
    way.pop();
    return false;
  }

  return search(from) ? way : undefined;
}
