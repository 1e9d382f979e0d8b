import { expect, test } from 'vitest';
import { TroupeError } from '../../../src/errors.ts';
import type { RequestEnvironment } from '../../../src/proxy/request/environment.ts';
import { RequestStory, type StoryOwner, storyOf } from '../../../src/proxy/request/request-story.ts';

const mistake = new TroupeError('troupe.hook-threw', 'the hook recv threw', {
  side: 'troupe',
  place: { file: 'a.config.ts', line: 3, column: 5 },
});

test('a hook that writes without end fills a story only so far', () => {
  const story = new RequestStory();
  for (let i = 0; i < 1_000; i++) story.addLine('x'.repeat(100_000));
  expect(story.lines.length).toBe(64);
  expect(story.lines.every((line) => line.length === 1_000)).toBe(true);
});

test('the first cause of a failure is told, and not what followed from it', () => {
  const story = new RequestStory();
  story.fail({ code: 'backend.reset', message: 'b1 closed the connection' });
  story.addHookError('synth', mistake);
  expect(story.failure).toEqual({ code: 'backend.reset', message: 'b1 closed the connection' });
});

test('a retry forgives a backend, but not a hook', () => {
  const story = new RequestStory();
  story.fail({ message: 'no answer' });
  story.goOn();
  expect(story.failure).toBeUndefined();
  story.addHookError('recv', mistake);
  story.goOn();
  expect(story.failure).toEqual({ code: 'troupe.hook-threw', message: 'the hook recv threw' });
  expect(story.hookErrors).toEqual([
    {
      hook: 'recv',
      code: 'troupe.hook-threw',
      message: 'the hook recv threw',
      place: { file: 'a.config.ts', line: 3, column: 5 },
    },
  ]);
});

test('a story begins with the first thing to tell, and only where somebody will read it', () => {
  const owner = (keepsStories: boolean): StoryOwner => ({
    environment: { keepsStories } as RequestEnvironment,
    story: undefined,
  });
  const [read, unread] = [owner(true), owner(false)];
  expect(storyOf(read)).toBe(storyOf(read));
  expect(storyOf(unread)).toBeUndefined();
  expect(unread.story).toBeUndefined();
});
