/** `std.ban()` and `std.ban_error()`: vmod_std(3). */
import { ban } from '../ban.ts';
import type { VclContext } from '../vmod.ts';

/** What was wrong with the last ban of a request, or of a fetch. */
const mistakes = new WeakMap<object, string>();

/** Whether it was issued. */
export function bannedOrNoted(context: VclContext, conditions: string | undefined): boolean {
  const mistake = ban(context, conditions);
  mistakes.set(taskOf(context), mistake ?? '');
  return mistake === undefined;
}

/** Empty: nothing was. */
export function notedMistake(context: VclContext): string {
  return mistakes.get(taskOf(context)) ?? '';
}

/** The messages of a request, and of a fetch, stay the same for all hooks. */
function taskOf(context: VclContext): object {
  return context.req ?? context.bereq ?? context;
}
