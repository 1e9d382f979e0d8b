/** Words and names that Mermaid reads as text, whatever is in them. Source: its documentation, "Entity codes". */

/** What Mermaid would take for syntax or HTML. */
const special = /[#;:"<>&{}[\]()|`%\\]/g;

/** One line of text. Mermaid's entities are HTML's, with `#` in place of `&`. */
export function mermaidText(text: string): string {
  const plain = text
    .replace(/\p{Cc}|\p{Surrogate}/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.replace(special, (character) => `#${character.codePointAt(0)};`);
}

/** Ids for things: letters, digits and underscores; two things never get the same one. */
export class MermaidIds {
  readonly #ids = new Map<string, string>();
  readonly #taken = new Set<string>();

  of(thing: string): string {
    const known = this.#ids.get(thing);
    if (known !== undefined) return known;
    const plain = thing.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    // A number, a word of the language, or nothing at all is no id.
    const base = !/^[A-Za-z]/.test(plain) || keywords.has(plain.toLowerCase()) ? `s_${plain}` : plain;
    let id = base;
    for (let number = 2; this.#taken.has(id.toLowerCase()); number++) id = `${base}_${number}`;
    this.#taken.add(id.toLowerCase());
    this.#ids.set(thing, id);
    return id;
  }
}

const keywords = new Set([
  'acctitle',
  'accdescr',
  'as',
  'call',
  'class',
  'classdef',
  'click',
  'default',
  'direction',
  'end',
  'flowchart',
  'graph',
  'hide',
  'href',
  'interpolate',
  'left',
  'linkstyle',
  'note',
  'of',
  'over',
  'right',
  'scale',
  'state',
  'statediagram',
  'style',
  'subgraph',
  'tb',
  'bt',
  'lr',
  'rl',
  'td',
]);
