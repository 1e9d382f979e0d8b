/** The vmods that a program of Varnish 3 needs from Varnish 4 on, and names that nothing in it has yet. */
import type { OldDeclaration } from './syntax.ts';

export class Modules {
  /** In lower case, in which names are compared now. */
  readonly #taken = new Set<string>();
  readonly #imported = new Map<string, string>();
  readonly #added = new Map<string, string>();

  constructor(declarations: readonly OldDeclaration[]) {
    for (const declaration of declarations) {
      if (declaration.kind === 'import') {
        const name = (declaration.alias ?? declaration.module).text;
        this.#imported.set(declaration.module.text, name);
        this.#taken.add(name.toLowerCase());
      } else {
        this.#taken.add(declaration.name.text.toLowerCase());
      }
    }
  }

  /** The name by which a vmod is known, which is imported if it is not yet. */
  named(module: string): string {
    const known = this.#imported.get(module) ?? this.#added.get(module);
    if (known !== undefined) return known;
    const isFree = !this.#taken.has(module.toLowerCase());
    const name = this.free(isFree ? module : `vmod_${module}`);
    this.#added.set(module, name);
    return name;
  }

  /** @param own a name that is taken for this very thing */
  free(wanted: string, own?: string): string {
    if (wanted === own) return wanted;
    let name = wanted;
    for (let count = 2; this.#taken.has(name.toLowerCase()); count++) name = `${wanted}_${count}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }

  /** The vmods that were not imported, and the names that they are imported by now. */
  get added(): ReadonlyMap<string, string> {
    return this.#added;
  }
}
