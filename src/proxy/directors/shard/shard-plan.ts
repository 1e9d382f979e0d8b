/**
 * How one request is to be picked for: what was said with the request comes first, then what the director was
 * declared with, then its parameter set (what was said of the set for this request, then the set itself), then
 * vmod_directors' defaults. Option by option; a key goes with its `by`.
 */
import type { ShardChoice, ShardHealth, ShardKeying } from '../../../config/shard-declaration.ts';
import { keyOfHash, shardKey } from '../../../shard-key.ts';
import type { PickRequest } from '../policy.ts';
import type { ShardParams } from './shard-params.ts';

/** One object a director, filled anew for each pick: picks allocate nothing. */
export class ShardPlan {
  by: ShardKeying = 'hash';
  /** Place on the ring: 32 bits. */
  key = 0;
  alt = 0;
  /** -1: the director's. */
  warmup = -1;
  rampup = true;
  healthy: ShardHealth = 'chosen';

  /**
   * @param director its name
   * @param own the options that it was declared with; its parameter set among them
   */
  read(request: PickRequest, director: string, own: ShardChoice, params: ShardParams): void {
    const said = request.shardChoice?.(director);
    const param = said?.param ?? own.param;
    const saidOfParam = param === undefined ? undefined : request.shardChoice?.(param.id);
    const shared = param === undefined ? undefined : params.current(param);
    this.alt = said?.alt ?? own.alt ?? saidOfParam?.alt ?? shared?.alt ?? 0;
    this.warmup = said?.warmup ?? own.warmup ?? saidOfParam?.warmup ?? shared?.warmup ?? -1;
    this.rampup = said?.rampup ?? own.rampup ?? saidOfParam?.rampup ?? shared?.rampup ?? true;
    this.healthy = said?.healthy ?? own.healthy ?? saidOfParam?.healthy ?? shared?.healthy ?? 'chosen';
    if (said?.by !== undefined) this.#readKey(request, said);
    else if (own.by !== undefined) this.#readKey(request, own);
    else if (saidOfParam?.by !== undefined) this.#readKey(request, saidOfParam);
    else this.#readKey(request, shared);
  }

  #readKey(request: PickRequest, choice: ShardChoice | undefined): void {
    this.by = choice?.by ?? 'hash';
    switch (this.by) {
      case 'hash':
        this.key = keyOfHash(request.requestHash?.() ?? request.key());
        return;
      case 'url':
        this.key = shardKey(request.url?.() ?? '');
        return;
      case 'key':
      case 'blob':
        this.key = choice?.key ?? 0;
        return;
      default:
        this.by satisfies never;
    }
  }
}
