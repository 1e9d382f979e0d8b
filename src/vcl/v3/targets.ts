/**
 * What requests can go to in Varnish 3: backends, and directors that are declared like them. Later the latter are
 * objects that vcl_init makes, and a backend has a saint list only as a saintmode object.
 */
import { type Mistakes, VclMistake } from '../mistake.ts';
import type { Expression, Field, Statement } from '../syntax.ts';
import { type Token, tokenName } from '../token.ts';
import type { Modules } from './modules.ts';
import type { Spelling } from './spelling.ts';
import type { DirectorDeclaration, DirectorMember, OldDeclaration } from './syntax.ts';

type BackendDeclaration = Extract<OldDeclaration, { kind: 'backend' }>;

/** The object that each policy is now. */
const policies: ReadonlyMap<string, string> = new Map([
  ['round-robin', 'round_robin'],
  ['random', 'random'],
  ['hash', 'hash'],
  ['client', 'hash'],
  ['fallback', 'fallback'],
]);

const weighted = new Set(['random', 'hash', 'client']);

interface Backend {
  readonly token: Token;
  /** Objects on its saint list that make it sick; 0: it has none. */
  readonly threshold: number;
}

export interface TargetOptions {
  /** Whether anything in the program is ever put on a saint list. */
  readonly hasSaintLists: boolean;
  /** Parameter saintmode_threshold. */
  readonly saintmodeThreshold: number;
}

export class Targets {
  readonly #spelling: Spelling;
  readonly #modules: Modules;
  readonly #mistakes: Mistakes;
  readonly #options: TargetOptions;
  readonly #backends = new Map<string, Backend>();
  readonly #directors = new Map<string, { readonly policy: string; readonly object: string }>();
  /** Saintmode objects, by their backends, for those that something asks for. */
  readonly #saints = new Map<string, string>();
  #default: Token | undefined;
  #isDefaultNamed = false;

  constructor(spelling: Spelling, modules: Modules, mistakes: Mistakes, options: TargetOptions) {
    this.#spelling = spelling;
    this.#modules = modules;
    this.#mistakes = mistakes;
    this.#options = options;
  }

  /**
   * Takes a backend.
   *
   * @returns what declares it now
   */
  addBackend({ fields = [], ...declaration }: BackendDeclaration): BackendDeclaration {
    const { name } = declaration;
    this.#offer(name);
    const own = fields.find((field) => field.name.text === 'saintmode_threshold');
    const threshold = own === undefined ? this.#options.saintmodeThreshold : wholeNumber(own);
    this.#backends.set(name.text, { token: name, threshold });
    return { ...declaration, fields: fields.filter((field) => field !== own) };
  }

  /**
   * Takes a director. Whatever is wrong with it, its name is known from here on.
   *
   * @returns the backends that are declared in it, and what makes the director
   */
  addDirector(director: DirectorDeclaration): {
    readonly backends: readonly BackendDeclaration[];
    readonly make: () => readonly Statement[];
  } {
    const { name, policy } = director;
    const kind = this.#mistakes.guard('reading', () => kindOf(policy)) ?? 'round_robin';
    this.#offer(name);
    this.#mistakes.guard('reading', () => checkOptions(director));
    const object = this.#modules.free(name.text === 'default' ? 'default_director' : name.text, name.text);
    this.#directors.set(name.text, { policy: policy.text, object });
    const backends: BackendDeclaration[] = [];
    const members = director.members.flatMap((member, index) => {
      return this.#mistakes.guard('reading', () => this.#member(director, member, index, backends)) ?? [];
    });
    const make = (): Statement[] => {
      const directors = this.#modules.named('directors');
      const made = this.#spelling.statements(`new ${object} = ${directors}.${kind}();`, name);
      for (const { token, weight } of members) {
        const given = { MEMBER: this.reference(token) };
        const text = weighted.has(policy.text) ? `MEMBER, ${weight?.text ?? '1'}` : 'MEMBER';
        made.push(...this.#spelling.statements(`${object}.add_backend(${text});`, token, given));
      }
      return made;
    };
    return { backends, make };
  }

  /**
   * @param backends where one that is declared in place is added
   * @throws VclMistake
   */
  #member(
    director: DirectorDeclaration,
    { first, fields }: DirectorMember,
    index: number,
    backends: BackendDeclaration[],
  ): { readonly token: Token; readonly weight: Token | undefined } {
    const { backend, weight } = memberOf(director, first, fields);
    if (backend.value.kind === 'word') return { token: backend.value.token, weight };
    if (backend.value.kind !== 'fields') {
      const message = 'Expected a backend host specification here, either by name or by {...}';
      throw new VclMistake(message, backend.name);
    }
    const own = this.#spelling.word(this.#modules.free(`${director.name.text}_${index}`), backend.name);
    const declaration = { kind: 'backend', first, name: own, fields: backend.value.fields } as const;
    backends.push(this.#withoutOffer(declaration));
    return { token: own, weight };
  }

  /** Whether a word is the name of a backend or director. */
  has(word: string): boolean {
    return this.#backends.has(word) || this.#directors.has(word);
  }

  /** What stands for a backend or director where a request is sent to it. */
  reference(token: Token): Expression {
    const director = this.#directors.get(token.text);
    if (director !== undefined) {
      const key = keys.get(director.policy) ?? '';
      return this.#spelling.expression(`${director.object}.backend(${key})`, token);
    }
    const backend = this.#backends.get(token.text);
    if (backend === undefined || backend.threshold === 0 || !this.#options.hasSaintLists) {
      return { kind: 'name', name: [token], call: undefined, first: token, last: token };
    }
    const saint = this.#saints.get(token.text) ?? this.#modules.free(`${token.text}_saint`);
    this.#saints.set(token.text, saint);
    return this.#spelling.expression(`${saint}.backend()`, token);
  }

  /** What a request goes to if nothing says otherwise, where that has to be said now. */
  get defaultReference(): Expression | undefined {
    const token = this.#default;
    if (token === undefined) return undefined;
    const reference = this.reference(token);
    return reference.kind === 'name' && reference.call === undefined ? undefined : reference;
  }

  /** What makes the saintmode objects that have been asked for. */
  makeSaints(): readonly Statement[] {
    return [...this.#backends].flatMap(([name, { token, threshold }]) => {
      const saint = this.#saints.get(name);
      if (saint === undefined) return [];
      const saintmode = this.#modules.named('saintmode');
      const text = `new ${saint} = ${saintmode}.saintmode(${name}, ${threshold});`;
      return this.#spelling.statements(text, token);
    });
  }

  /** The first one, or the one that is called so, is where requests go by default. */
  #offer(name: Token): void {
    if (this.#isDefaultNamed) return;
    if (name.text === 'default') this.#isDefaultNamed = true;
    if (this.#default === undefined || this.#isDefaultNamed) this.#default = name;
  }

  #withoutOffer(declaration: BackendDeclaration): BackendDeclaration {
    const before = this.#default;
    const added = this.addBackend(declaration);
    this.#default = before;
    return added;
  }
}

/** @throws VclMistake there is no such policy */
function kindOf(policy: Token): string {
  const kind = policies.get(policy.text);
  if (kind !== undefined) return kind;
  if (policy.text !== 'dns') throw new VclMistake(`Unknown director policy: ${tokenName(policy)}`, policy);
  const advice = 'Name the backends that it would find.';
  throw new VclMistake('director dns is not supported.', policy, policy, advice);
}

/** What directors that have a key distribute by: URL and Host, as vcl_hash does; or who the client is. */
const keys: ReadonlyMap<string, string> = new Map([
  ['hash', 'req.url + req.http.host'],
  ['client', 'client.identity'],
]);

/** `.retries` of random ones is taken, and means nothing: a director with a healthy member finds it. */
function checkOptions({ options, policy }: DirectorDeclaration): void {
  for (const field of options) {
    if (weighted.has(policy.text) && field.name.text === 'retries') wholeNumber(field);
    else throw new VclMistake(`Unknown field: ${tokenName(field.name)}`, field.name);
  }
}

function memberOf(
  { policy }: DirectorDeclaration,
  first: Token,
  fields: readonly Field[],
): { readonly backend: Field; readonly weight: Token | undefined } {
  let backend: Field | undefined;
  let weight: Token | undefined;
  for (const field of fields) {
    const { name, value } = field;
    if (name.text === 'backend') backend = field;
    else if (name.text === 'weight' && weighted.has(policy.text)) {
      if (wholeNumber(field) === 0) {
        throw new VclMistake(
          'The .weight must be higher than zero.',
          value.kind === 'number' ? value.token : name,
        );
      }
      if (value.kind === 'number') weight = value.token;
    } else throw new VclMistake(`Unknown field: ${tokenName(name)}`, name);
  }
  if (backend === undefined) throw new VclMistake('Mandatory field .backend missing.', first);
  if (weighted.has(policy.text) && weight === undefined) {
    throw new VclMistake('Mandatory field .weight missing.', first);
  }
  return { backend, weight };
}

function wholeNumber({ name, value }: Field): number {
  if (value.kind === 'number' && value.token.kind === 'CNUM' && value.unit === undefined) {
    return Number(value.token.text);
  }
  throw new VclMistake(`.${name.text} takes a whole number.`, name);
}
