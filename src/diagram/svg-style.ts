/**
 * How figures look. Colors are custom properties with a light and a dark value each, so that a page may set its own;
 * drawn from a file, they follow the reader's scheme. Faces share the widths that text-width.ts reckons with.
 */
import { typeScale } from './text-width.ts';

/** @param scope selects one figure, so that several can stand in one page */
export function styleSheet(scope: string): string {
  const { title, name, text } = typeScale;
  return `
${scope} {
  --paper: #ffffff; --ink: #1f2328; --quiet: #59636e; --line: #818b98; --edge: #59636e;
  --state: #f6f8fa; --inside: #ffffff; --accent: #0b62c4; --warm: #fff4e0; --cool: #e8f2ff; --green: #e5f6ea;
  font-family: 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', Roboto, 'Noto Sans', sans-serif;
}
@media (prefers-color-scheme: dark) {
  ${scope} {
    --paper: #0d1117; --ink: #e6edf3; --quiet: #9aa4af; --line: #5b646f; --edge: #8b949e;
    --state: #1b222b; --inside: #131920; --accent: #6cb6ff; --warm: #2f2413; --cool: #14273d; --green: #12291b;
  }
}
${scope} .paper { fill: var(--paper); }
${scope} text { fill: var(--ink); font-size: ${text.size}px; unicode-bidi: plaintext; white-space: pre; }
${scope} .title { font-size: ${title.size}px; font-weight: 600; }
${scope} .name { font-size: ${name.size}px; font-weight: 600; }
${scope} .text, ${scope} .guard { fill: var(--quiet); }
${scope} .guard { font-style: italic; }
${scope} .event { font-weight: 600; fill: var(--accent); }
${scope} .box { fill: var(--state); stroke: var(--line); stroke-width: 1.25; }
${scope} .frame { fill: var(--inside); }
${scope} .group { fill: var(--inside); }
${scope} .region { fill: none; stroke-dasharray: 5 4; }
${scope} .inner { fill: none; stroke: var(--line); }
${scope} .start { fill: var(--ink); stroke: none; }
${scope} .actor, ${scope} .director { fill: var(--cool); }
${scope} .saintmode { fill: var(--warm); }
${scope} .backend { fill: var(--green); }
${scope} .service, ${scope} .note { stroke-dasharray: 5 4; }
${scope} .rule { stroke: var(--line); stroke-width: 1; opacity: 0.6; }
${scope} .arrow { fill: none; stroke: var(--edge); stroke-width: 1.25; }
${scope} .dashed { stroke-dasharray: 5 4; }
${scope} .head { fill: var(--edge); stroke: none; }
${scope} .label text { paint-order: stroke; stroke: var(--inside); stroke-width: 3px; stroke-linejoin: round; }
`;
}
