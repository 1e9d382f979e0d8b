/**
 * The examples of the documents that Troupe was made from, which lie beside a checkout, if at all, in ../shared. What
 * is tested stands here: `passages/` has the examples as they stand in the documents, `examples/` has them in the
 * smallest programs around them, each between `#{ DOCUMENT LINES` and `#}`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const documents = fileURLToPath(new URL('../../../../shared/reference/', import.meta.url));

export const documentsAreHere = existsSync(documents);

export function readDocument(name: string): readonly string[] {
  return readFileSync(`${documents}${name}.txt`, 'utf8').split('\n');
}

export interface Passage {
  readonly document: string;
  /** `FIRST-LAST`, from 1. */
  readonly lines: string;
  readonly text: string;
}

export function passages(): readonly Passage[] {
  return readdirSync(`${folder}passages`).flatMap((file) => {
    const text = readFileSync(`${folder}passages/${file}`, 'utf8');
    return text
      .split(/^=== /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        const document = file.replace('.txt', '');
        return { document, lines: part.slice(0, end), text: part.slice(end + 1, -1) };
      });
  });
}

export const exampleNames = readdirSync(`${folder}examples`).map((file) => file.replace('.vcl', ''));

export function readExample(name: string): string {
  return readFileSync(`${folder}examples/${name}.vcl`, 'utf8');
}

/** What in an example's program is the documents' own. */
export function passagesIn(program: string): readonly Passage[] {
  return [...program.matchAll(/^#\{ (\S+) (\S+)\n(.*?)\n#\}$/gms)].map(
    ([, document = '', lines = '', text = '']) => ({ document, lines, text }),
  );
}
