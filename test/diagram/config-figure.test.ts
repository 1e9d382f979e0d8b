import { describe, expect, test } from 'vitest';
import { configFigure } from '../../src/diagram/config-figure.ts';
import {
  backend,
  defineConfig,
  fallback,
  hash,
  peer,
  random,
  roundRobin,
  saintmode,
} from '../../src/index.ts';

function drawn(config: ReturnType<typeof defineConfig>): { boxes: Record<string, string>; arrows: string[] } {
  const { boxes, arrows } = configFigure(config, 'shop');
  return {
    boxes: Object.fromEntries(boxes.map(({ id, words }) => [id, words.map(({ text }) => text).join(' | ')])),
    arrows: arrows.map(({ says }) => says),
  };
}

const a = backend({
  host: '127.0.0.1',
  port: 81,
  probe: { url: '/health', interval: '1.5s', window: 4, threshold: 2 },
});
const b = backend({ host: '::1', maxConnections: 5 });
const c = backend({ path: '/run/c.sock', probe: { request: ['HEAD /up HTTP/1.1'] } });

describe('a figure of a config', () => {
  test('has backends with addresses, probes and limits', () => {
    const { boxes } = drawn(defineConfig({ backends: { a, b, c } }));
    expect(boxes).toEqual({
      requests: 'requests | no hooks',
      'target:a': 'a | 127.0.0.1:81 | probe /health every 1.5 s | healthy with 2 of 4 good',
      'target:b': 'b | [::1]:80 | no probe | at most 5 requests at once',
      'target:c': 'c | /run/c.sock | probe HEAD /up HTTP/1.1 every 5 s | healthy with 3 of 8 good',
    });
  });

  test('has directors with their members, in order or by weight where that decides', () => {
    const turn = roundRobin([a, a, b]);
    const first = fallback([turn, c], { sticky: true });
    const byKey = hash([a, { target: b, weight: 3 }]);
    const none = random([]);
    const { boxes, arrows } = drawn(
      defineConfig({ backends: { a, b, c }, directors: { first, turn, byKey, none }, default: first }),
    );
    expect(boxes).toMatchObject({
      'target:turn': 'turn | round robin',
      'target:first': 'first | fallback, sticky',
      'target:none': 'none | random | no members',
    });
    expect(arrows).toEqual([
      'requests → first: default',
      'first → turn: 1.',
      'first → c: 2.',
      'turn → a: 2 times',
      'turn → b',
      'byKey → a: weight 1',
      'byKey → b: weight 3',
    ]);
  });

  test('has saintmode objects, hooks and peers', () => {
    const sm = saintmode(a, { threshold: 10 });
    const lax = saintmode(b, { threshold: 0 });
    const next = peer({ host: 'next.internal', threads: [1, 4] });
    const { boxes, arrows } = drawn(
      defineConfig({
        backends: { a, b },
        directors: { sm, lax },
        peers: { next },
        default: sm,
        recv: () => 'hash',
        deliver: () => 'deliver',
      }),
    );
    expect(boxes).toMatchObject({
      requests: 'requests | hooks: recv, deliver',
      'target:sm': 'sm | saintmode | sick from 10 denied objects on',
      'target:lax': 'lax | saintmode | ignores the list',
      'peer:next': 'next | next.internal:80 | 1 to 4 threads',
    });
    expect(arrows).toEqual(['requests → sm: default', 'sm → a', 'lax → b', 'requests → next: copies']);
  });
});
