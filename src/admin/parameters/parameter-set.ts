/**
 * The parameters of one Troupe: what they are set to, and who is told when that changes. Some bounds depend on other
 * parameters.
 */
import { type ParameterSpec, parameterSpecs } from './parameter-specs.ts';
import { type Bounds, type ParameterValue, readValue, shownValue, valueInJson } from './parameter-value.ts';

export class ParameterSet {
  readonly #specs = new Map(parameterSpecs.map((spec) => [spec.name, spec]));
  /** Those that are not what they are by default. */
  readonly #values = new Map<string, ParameterValue>();
  /** Those that were set and reset: what a proxy was started with holds no more, but the default does. */
  readonly #wereSet = new Set<string>();
  /** Called with the name of each that was set. */
  onChange: ((name: string) => void) | undefined;

  /** In the order of their names. */
  get specs(): readonly ParameterSpec[] {
    return parameterSpecs;
  }

  find(name: string): ParameterSpec | undefined {
    return this.#specs.get(name);
  }

  /**
   * @param name of one that there is
   * @returns a sentence that says what is wrong with the value, or undefined
   */
  set(name: string, text: string): string | undefined {
    const spec = this.#known(name);
    const read = readValue(spec, text, this.bounds(name), this.value(name));
    if ('mistake' in read) return read.mistake;
    this.#values.set(name, read.value);
    this.onChange?.(name);
    return undefined;
  }

  reset(name: string): void {
    if (!this.#values.delete(name)) return;
    this.#wereSet.add(name);
    this.onChange?.(name);
  }

  /** Whether it was set, be it to what it is by default, or reset. */
  isSet(name: string): boolean {
    return this.#values.has(name) || this.#wereSet.has(name);
  }

  value(name: string): ParameterValue {
    const spec = this.#known(name);
    return this.#values.get(name) ?? this.#defaultOf(spec);
  }

  /** Of one that is a number: bytes, seconds, a count. */
  number(name: string): number {
    const value = this.value(name);
    return typeof value === 'number' ? value : 0;
  }

  /** The same, if it was set. */
  numberIfSet(name: string): number | undefined {
    return this.isSet(name) ? this.number(name) : undefined;
  }

  shown(name: string): string {
    return shownValue(this.#known(name), this.value(name));
  }

  inJson(name: string): string {
    return valueInJson(this.#known(name), this.value(name));
  }

  /** varnishd's: threads' pools keep each other in bounds, and a record of its log fits its buffer. */
  bounds(name: string): Bounds {
    const { least, most } = this.#known(name);
    switch (name) {
      case 'thread_pool_min':
        return { least, most: String(this.number('thread_pool_max')), mostReason: 'thread_pool_max' };
      case 'thread_pool_max':
        return { least: String(this.number('thread_pool_min')), leastReason: 'thread_pool_min', most };
      case 'thread_pool_reserve': {
        const share = Math.trunc(this.number('thread_pool_min') * 0.95);
        return { least, most: String(share), mostReason: '95% of thread_pool_min' };
      }
      case 'vsl_buffer':
        return { least: String(this.number('vsl_reclen') + 12), most };
      case 'vsl_reclen':
        return { least, most: String(this.number('vsl_buffer') - 12) };
      default:
        return { least, most };
    }
  }

  #known(name: string): ParameterSpec {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw new Error(`there is no parameter "${name}"`);
    return spec;
  }

  #defaultOf(spec: ParameterSpec): ParameterValue {
    const read = readValue(spec, spec.default, {}, []);
    return 'value' in read ? read.value : '';
  }
}
