/**
 * What there is to tell of one request beyond how it ended: backends tried, lines that hooks wrote, what went
 * wrong. Most requests have nothing to tell, and then there is no story; nor is there one where neither the
 * access log nor the list of failed requests is kept.
 */
import type { Hooks } from '../../config/hooks.ts';
import type { TroupeError } from '../../errors.ts';
import type { RequestEnvironment } from './environment.ts';
import type { BackendTry, Failure, HookMistake } from './request-report.ts';

/** A hook can write as much as it likes; what is kept of it is bounded. */
const mostLines = 64;
/** Characters of a line that are kept. */
const longestLine = 1_000;

export class RequestStory {
  readonly tries: BackendTry[] = [];
  readonly lines: string[] = [];
  readonly hookErrors: HookMistake[] = [];
  retries = 0;
  failure: Failure | undefined;

  addLine(line: string): void {
    if (this.lines.length < mostLines) this.lines.push(line.slice(0, longestLine));
  }

  addHookError(hook: keyof Hooks, { code, message, place }: TroupeError): void {
    this.hookErrors.push({ hook, code, message, ...(place === undefined ? {} : { place }) });
    this.fail({ code, message });
  }

  /** What made the request fail; what follows from that is not kept. */
  fail({ code, message }: Failure): void {
    this.failure ??= code === undefined ? { message } : { code, message };
  }

  /** A retry or a restart: all may end well yet. A hook that was wrong stays a failure, however it ends. */
  goOn(): void {
    const [mistake] = this.hookErrors;
    this.failure = mistake === undefined ? undefined : { code: mistake.code, message: mistake.message };
  }
}

/** What a story is told about. */
export interface StoryOwner {
  readonly environment: RequestEnvironment;
  /** Begun when there is something to tell. */
  story: RequestStory | undefined;
}

/** The story to add to; undefined: nobody would read it. */
export function storyOf(owner: StoryOwner): RequestStory | undefined {
  if (!owner.environment.keepsStories) return undefined;
  owner.story ??= new RequestStory();
  return owner.story;
}
