/** A graph, of a config or of the topology, as a Mermaid flowchart. */
import type { Box, Figure, Phrase, Shape } from './figure.ts';
import { MermaidIds, mermaidText } from './mermaid-text.ts';

/** The whole file. */
export function mermaidOfGraph({ title, description, boxes, arrows }: Figure): string {
  const ids = new MermaidIds();
  const lines = [
    'flowchart TB',
    `  accTitle: ${mermaidText(title)}`,
    `  accDescr: ${mermaidText(description)}`,
    ...boxes.map((box) => `  ${node(box, ids)}`),
    ...arrows.map(({ from, to, words, line, heads }) => {
      const label = words.length === 0 ? '' : `|"${text(words)}"|`;
      const shaft = line === 'dashed' ? '-.->' : '-->';
      return `  ${ids.of(from)} ${heads === 'both' ? `<${shaft}` : shaft}${label} ${ids.of(to)}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

/** Brackets that give a node its shape; others are rectangles. */
const brackets: Partial<Record<Shape, readonly [string, string]>> = {
  service: ['([', '])'],
  director: ['{{', '}}'],
  saintmode: ['(', ')'],
};

function node({ id, shape, words }: Box, ids: MermaidIds): string {
  const [open, close] = brackets[shape] ?? ['[', ']'];
  return `${ids.of(id)}${open}"${text(words)}"${close}`;
}

/** Line breaks are the one piece of HTML that is meant. */
function text(words: readonly Phrase[]): string {
  return words.map((phrase) => mermaidText(phrase.text)).join('<br/>');
}
