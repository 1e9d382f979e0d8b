/** The parameter sets of one loaded config as they are now. VCL: `shard_param.set()` and `.clear()` in vcl_init. */
import type { ShardChoice, ShardParamDeclaration } from '../../../config/shard-declaration.ts';

export class ShardParams {
  /** By id; those that are as they were declared are not in it. */
  readonly #changed = new Map<string, ShardChoice>();

  current(param: ShardParamDeclaration): ShardChoice {
    return this.#changed.get(param.id) ?? param.choice;
  }

  /** Replaces all options, as in varnishd: what is left out is as if it had never been set. */
  set(id: string, choice: ShardChoice): void {
    this.#changed.set(id, choice);
  }
}
