/** A graph, of a config or of the topology, as JSON: for scripts. */
import type { Figure, Phrase } from './figure.ts';

/** The whole file. */
export function jsonOfGraph({ name, description, boxes, arrows }: Figure): string {
  const lines = (words: readonly Phrase[]) => words.map(({ text }) => text);
  const graph = {
    name,
    description,
    nodes: boxes.map(({ id, shape, words }) => ({ id, kind: shape, text: lines(words) })),
    edges: arrows.map(({ from, to, words, line, heads = 'end' }) => ({
      from,
      to,
      text: lines(words),
      line,
      heads,
    })),
  };
  return `${JSON.stringify(graph, undefined, 2)}\n`;
}
