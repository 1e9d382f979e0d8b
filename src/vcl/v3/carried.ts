/**
 * In Varnish 3 a request and its fetch are one thing; later they are two, which know of each other only what stands in
 * the fields of their messages. What a program says on one side and means on the other goes there in fields of its own.
 */
import type { Expression } from '../syntax.ts';
import type { Modules } from './modules.ts';

/** Names of the fields. */
const field = {
  rollback: 'X-Varnish3-Rollback',
  restart: 'X-Varnish3-Restart',
  status: 'X-Varnish3-Status',
  reason: 'X-Varnish3-Reason',
  restarts: 'X-Varnish3-Restarts',
  method: 'X-Varnish3-Method',
  connect_timeout: 'X-Varnish3-Connect-Timeout',
  first_byte_timeout: 'X-Varnish3-First-Byte-Timeout',
  between_bytes_timeout: 'X-Varnish3-Between-Bytes-Timeout',
} as const;

/** What vcl_miss and vcl_pass can say of a fetch. */
type ToFetch = 'method' | 'connect_timeout' | 'first_byte_timeout' | 'between_bytes_timeout';
const toFetch: ReadonlyMap<string, ToFetch> = new Map([
  ['bereq.request', 'method'],
  ['bereq.connect_timeout', 'connect_timeout'],
  ['bereq.first_byte_timeout', 'first_byte_timeout'],
  ['bereq.between_bytes_timeout', 'between_bytes_timeout'],
]);

/** A fetch that nobody waits for leaves everybody the stale object. */
const ifAlone = 'if (bereq.is_bgfetch) { return (abandon); }';

/** Not for any cache: the next one to ask is no wiser for it. */
const discard = 'set beresp.ttl = 0s; set beresp.uncacheable = true; return (deliver);';

export class Carried {
  readonly #modules: Modules;
  readonly #used = new Set<keyof typeof field>();
  /** What a fetch changes of a request, by the fields that it does so with. */
  readonly #changed = new Map<string, string>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** In a fetch: `rollback`, of the client's request; its own cannot be undone without its answer. */
  rollback(): string {
    this.#used.add('rollback');
    return `set beresp.http.${field.rollback} = "1";`;
  }

  /** In a fetch: `return (restart)`. */
  restart(): string {
    this.#used.add('restart');
    return `${ifAlone} set beresp.http.${field.restart} = "1"; ${discard}`;
  }

  /** In a fetch: `error CODE REASON`, which stand in the text as such. */
  error(hasReason: boolean): string {
    this.#used.add('status');
    const reason = hasReason ? `set beresp.http.${field.reason} = REASON;` : '';
    return `${ifAlone} set beresp.http.${field.status} = CODE; ${reason} ${discard}`;
  }

  /** In a fetch: `req.restarts`. */
  restarts(): string {
    this.#used.add('restarts');
    return `${this.#modules.named('std')}.integer(bereq.http.${field.restarts}, 0)`;
  }

  /**
   * In vcl_miss and vcl_pass: sets a variable of the fetch to VALUE, as it stands in the text; undefined: the variable
   * is not one that has to be carried.
   *
   * @param given what VALUE is
   */
  setInFetch(variable: string, given: Expression): string | undefined {
    const what = toFetch.get(variable);
    if (what === undefined) return undefined;
    this.#used.add(what);
    const isPlain = given.kind === 'number' && !given.isNegative && given.unit !== undefined;
    const duration = isPlain ? `"${given.token.text}${given.unit.text}"` : '"" + VALUE + "s"';
    const value = what === 'method' ? 'VALUE' : duration;
    return `set req.http.${field[what]} = ${value};`;
  }

  /**
   * In a fetch: sets a part of the client's request to VALUE, as it stands in the text, or unsets it.
   *
   * @param part `url`, `method`, or a field as in `http.X-Foo`
   */
  changeRequest(part: string, isUnset: boolean): string {
    const name = `X-Varnish3-Req-${part.replace(/^http\./, '').replaceAll(/[^\w-]/g, '_')}`;
    this.#changed.set(name, `req.${part}`);
    if (isUnset) return `unset bereq.${part}; set beresp.http.${name} = "";`;
    return `set bereq.${part} = VALUE; set beresp.http.${name} = bereq.${part};`;
  }

  /** What begins each sub, so that fields that others send mean nothing, and those that are ours take effect. */
  beginnings(): readonly (readonly [sub: string, text: string])[] {
    const requested = [...new Set(toFetch.values())].filter((what) => this.#used.has(what));
    const hasErrors = this.#used.has('status');
    const answered = [
      ...(this.#used.has('rollback') ? [field.rollback] : []),
      ...(this.#used.has('restart') ? [field.restart] : []),
      ...(hasErrors ? [field.status, field.reason] : []),
      ...this.#changed.keys(),
    ];
    const needsStd = requested.some((what) => what !== 'method') || hasErrors || this.#used.has('rollback');
    const std = needsStd ? this.#modules.named('std') : '';
    const recv = requested.map((what) => `unset req.http.${field[what]};`);
    if (this.#used.has('restarts')) recv.push(`set req.http.${field.restarts} = req.restarts;`);
    const fetch = requested.map((what) => {
      const value = `bereq.http.${field[what]}`;
      const taken = what === 'method' ? value : `${std}.duration(${value}, 60s)`;
      return `if (${value}) { set bereq.${what} = ${taken}; unset ${value}; }`;
    });
    const deliver: string[] = [];
    if (this.#used.has('rollback')) {
      const value = `resp.http.${field.rollback}`;
      deliver.push(`if (obj.hits == 0 && ${value}) { ${std}.rollback(req); } unset ${value};`);
    }
    for (const [name, part] of this.#changed) {
      const value = `resp.http.${name}`;
      const unset = part.startsWith('req.http.') ? `if (${part} == "") { unset ${part}; }` : '';
      // Whoever gets it from the cache has not fetched it.
      deliver.push(`if (obj.hits == 0 && ${value}) { set ${part} = ${value}; ${unset} } unset ${value};`);
    }
    if (this.#used.has('restart')) deliver.push(`if (resp.http.${field.restart}) { return (restart); }`);
    if (hasErrors) {
      const synth = `synth(${std}.integer(resp.http.${field.status}, 503), resp.http.${field.reason})`;
      deliver.push(`if (resp.http.${field.status}) { return (${synth}); }`);
    }
    const all: (readonly [string, readonly string[]])[] = [
      ['vcl_recv', recv],
      ['vcl_backend_fetch', fetch],
      ['vcl_backend_response', answered.map((name) => `unset beresp.http.${name};`)],
      ['vcl_deliver', deliver],
    ];
    return all.flatMap(([sub, lines]) => (lines.length === 0 ? [] : [[sub, lines.join(' ')] as const]));
  }
}
