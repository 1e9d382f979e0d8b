import { expect, test } from 'vitest';
import { ParameterSet } from '../../src/admin/parameters/parameter-set.ts';
import { ineffectiveParameters, parameterNames, setParameter } from '../../src/cli/parameters.ts';

function set(...texts: string[]): ParameterSet {
  const parameters = new ParameterSet();
  for (const text of texts) expect(setParameter(parameters, text)).toBeUndefined();
  return parameters;
}

test('durations are in seconds, or in the unit that is given', () => {
  const parameters = set('pipe_timeout=60', 'drain_timeout=0.5', 'timeout_idle=500ms', 'send_timeout=10m');
  const names = ['pipe_timeout', 'drain_timeout', 'timeout_idle', 'send_timeout'];
  expect(names.map((name) => parameters.number(name))).toEqual([60, 0.5, 0.5, 600]);
});

test('parameters of varnishd that do nothing here are taken, and named', () => {
  const parameters = set('thread_pool_min=50', 'max_retries=2', 'vsl_mask=+Hash');
  expect(ineffectiveParameters(parameters)).toEqual(['thread_pool_min', 'vsl_mask']);
  expect(parameterNames).toContain('max_retries');
});

test.each([
  ['pipe_timeout', '-p pipe_timeout: write -p NAME=VALUE.'],
  ['pipe_timeout=never', '-p pipe_timeout=never: Invalid number (never)'],
  ['max_retries=-1', '-p max_retries=-1: Must be at least 0'],
  ['cli_limit=1x', /^-p cli_limit=1x: Could not convert to bytes. Unknown BYTES unit/],
  ['accept_filter=x', '-p accept_filter=x: "accept_filter" is not available on this system.'],
  ['pip_timeout=1', /^-p pip_timeout=1: Troupe has no parameter "pip_timeout"; those with .*pipe_timeout/],
])('%s is refused with a sentence', (text, sentence) => {
  expect(setParameter(new ParameterSet(), text)).toMatch(sentence);
});
