import { expect, test } from 'vitest';
import { type Parameters, parameterNames, setParameter } from '../../src/cli/parameters.ts';

function set(...texts: string[]): Parameters {
  const parameters: Parameters = {};
  for (const text of texts) expect(setParameter(parameters, text)).toBeUndefined();
  return parameters;
}

test('durations are in seconds, or in the unit that is given', () => {
  expect(set('pipe_timeout=60', 'drain_timeout=0.5', 'timeout_idle=500ms', 'send_timeout=10m')).toEqual({
    pipeTimeoutMs: 60_000,
    drainTimeoutMs: 500,
    timeoutIdleMs: 500,
    sendTimeoutMs: 600_000,
  });
});

test('counts are whole numbers', () => {
  expect(set('max_retries=0', 'max_restarts=4')).toEqual({ maxRetries: 0, maxRestarts: 4 });
});

test.each(parameterNames)('%s has an effect', (name) => {
  expect(Object.values(set(`${name}=7`))).toHaveLength(1);
});

test.each([
  ['pipe_timeout', '-p pipe_timeout: write -p NAME=VALUE.'],
  ['pipe_timeout=never', '-p pipe_timeout=never: "never" is no duration; write seconds, or a unit: 500ms.'],
  ['max_retries=-1', '-p max_retries=-1: "-1" is no whole number of at least 0.'],
  ['pip_timeout=1', /^-p pip_timeout=1: Troupe has no parameter "pip_timeout"; it has .*pipe_timeout/],
])('%s is refused with a sentence', (text, sentence) => {
  expect(setParameter({}, text)).toMatch(sentence);
});
