/**
 * Runs one hook: synchronously, inside its config's scope, with every mistake turned into `fail`.
 */

import type { ConfigOrigin } from '../../config/config.ts';
import { enterHook, leaveHook } from '../../config/hook-scope.ts';
import type { Hooks } from '../../config/hooks.ts';
import type { TroupeError } from '../../errors.ts';
import type { HookOwner, RequestContext } from './contexts.ts';
import { hookThrew, hookWasAsync, hookWasWrong, isPromise } from './hook-error.ts';
import { type HookRule, illegalAnswer } from './hook-rules.ts';
import { storyOf } from './request-story.ts';

/**
 * @returns what the hook returned, or what returning nothing means; `fail` if it threw, returned a promise or
 *   something that means nothing there, which the log is told
 */
export function runHook<Context extends RequestContext, Action>(
  owner: HookOwner,
  rule: HookRule<Action>,
  hook: (context: Context) => Action | undefined,
  context: Context,
): Action | 'fail' {
  const { environment, loaded } = owner;
  context.now = environment.clock.wallNow();
  let answer: Action | undefined;
  const before = enterHook(loaded.scope);
  try {
    answer = hook(context);
  } catch (thrown) {
    return mistaken(owner, rule.hook, hookThrew(rule.hook, thrown, originFor(owner)));
  } finally {
    leaveHook(before);
  }
  // JavaScript returns null, too, where nothing is meant.
  if (answer === undefined || answer === null) return rule.byDefault;
  if (isPromise(answer)) return mistaken(owner, rule.hook, hookWasAsync(rule.hook, originFor(owner)));
  const mistake = illegalAnswer(rule, answer);
  if (mistake !== undefined) return hookLeft(owner, rule.hook, mistake);
  if (answer === 'fail' || answer === 'abandon') {
    storyOf(owner)?.fail({ message: `the hook ${rule.hook} returned ${answer}` });
  }
  return answer;
}

/**
 * Tells of a hook that left something that cannot be used.
 *
 * @param mistake what follows the hook's name in the sentence
 */
export function hookLeft(owner: HookOwner, hook: keyof Hooks, mistake: string): 'fail' {
  return mistaken(owner, hook, hookWasWrong(hook, mistake, originFor(owner)));
}

/** Tells of a mistake in a hook; the request goes on as if the hook had returned `fail`. */
function mistaken(owner: HookOwner, hook: keyof Hooks, error: TroupeError): 'fail' {
  const { environment, loaded, req } = owner;
  environment.traffic.hookErrors++;
  environment.log?.hookError?.({ config: loaded.key, xid: req.xid, hook, error });
  storyOf(owner)?.addHookError(hook, error);
  return 'fail';
}

/** Finding a place reads, and the first time parses, the config's text: for nobody who is not there. */
function originFor({ environment, loaded }: HookOwner): ConfigOrigin | undefined {
  const isRead = environment.log?.hookError !== undefined || environment.keepsStories;
  return isRead ? loaded.config.origin : undefined;
}
