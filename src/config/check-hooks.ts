/** Whether the hooks are functions that run to completion, and have names that something calls. */
import type { ErrorCode } from '../errors.ts';
import { hookNames } from './hook-names.ts';
import { showValue } from './show-value.ts';
import { didYouMean } from './suggest.ts';

export interface HookMistake {
  readonly hook: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string | undefined;
}

export function* checkHooks(hooks: object): Generator<HookMistake> {
  for (const [hook, value] of Object.entries(hooks)) {
    if (value === undefined) continue;
    if (!(hookNames as readonly string[]).includes(hook)) {
      const advice = didYouMean(hook, hookNames) ?? `There are ${hookNames.join(', ')}.`;
      yield { hook, code: 'config.invalid', message: `there is no hook '${hook}'.`, advice };
    } else if (typeof value !== 'function') {
      const message = `the hook ${hook} must be a function, but is ${showValue(value)}.`;
      yield { hook, code: 'config.invalid', message, advice: undefined };
    } else {
      const kind = delayedKind(value);
      if (kind === undefined) continue;
      const message = `the hook ${hook} is ${kind}, but hooks run to completion: they cannot wait.`;
      const advice =
        'Make it a plain function; what it needs to wait for, get before defineConfig, or on a timer.';
      yield { hook, code: 'config.hook-async', message, advice };
    }
  }
}

/** Functions whose call only begins the work. */
function delayedKind(hook: object): string | undefined {
  switch (Object.prototype.toString.call(hook)) {
    case '[object AsyncFunction]':
      return 'an async function';
    case '[object GeneratorFunction]':
      return 'a generator';
    case '[object AsyncGeneratorFunction]':
      return 'an async generator';
    default:
      return undefined;
  }
}
