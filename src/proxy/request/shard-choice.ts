/** What hooks have said of one shard director for one request: of it by `bereq.shard()`, and with the pick itself. */
import type { ShardChoice } from '../../config/shard-declaration.ts';
import type { BackendMessage } from './messages.ts';

/** @param choice what was said with the pick: it goes before what was said earlier, as far as it says anything */
export function shardChoiceOf(
  bereq: BackendMessage | undefined,
  name: string,
  choice: ShardChoice | undefined,
): ShardChoice | undefined {
  const earlier = bereq?.shardChoices?.get(name);
  if (choice === undefined || earlier === undefined) return choice ?? earlier;
  const said = Object.entries(choice).filter(([, value]) => value !== undefined);
  return { ...earlier, ...Object.fromEntries(said) };
}
