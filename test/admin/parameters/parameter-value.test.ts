/** Values as varnishd 7.1.1 reads and refuses them; each was tried there. */
import { expect, test } from 'vitest';
import { ParameterSet } from '../../../src/admin/parameters/parameter-set.ts';

/** What it is then, or why it is not. */
function setTo(name: string, value: string): string {
  const parameters = new ParameterSet();
  const mistake = parameters.set(name, value);
  return mistake === undefined ? parameters.shown(name) : `! ${mistake.trim().split('\n').join(' | ')}`;
}

test.for([
  ['send_timeout', '.5', '0.500'],
  ['send_timeout', '5.', '5.000'],
  ['send_timeout', ' 5', '5.000'],
  ['send_timeout', '0.0009', '0.000'],
  ['send_timeout', '.', '! Invalid number (.)'],
  ['send_timeout', '', '! Invalid number ()'],
  ['send_timeout', '-.5', '! Must be greater or equal to 0.000'],
  ['workspace_backend', ' 96k ', '96k'],
  ['workspace_backend', '100 k', '100k'],
  ['workspace_backend', '1.5k', '1.50k'],
  ['workspace_backend', '.5M', '0.50M'],
  [
    'workspace_backend',
    '1.5',
    `! Could not convert to bytes. | Fractional BYTES not allowed${''} |   Try something like '80k' or '120M'`,
  ],
  [
    'workspace_backend',
    '1.5b',
    `! Could not convert to bytes. | Fractional BYTES not allowed |   Try something like '80k' or '120M'`,
  ],
  ['workspace_backend', '1024.0b', '1k'],
  [
    'workspace_backend',
    '5.',
    `! Could not convert to bytes. | Invalid number |   Try something like '80k' or '120M'`,
  ],
  [
    'workspace_backend',
    '',
    `! Could not convert to bytes. | Invalid number |   Try something like '80k' or '120M'`,
  ],
  [
    'workspace_backend',
    '1x',
    `! Could not convert to bytes. | Unknown BYTES unit of measurement ([KMGTP][B]) |   Try something like '80k' or '120M'`,
  ],
  [
    'workspace_backend',
    '18446744073709551616',
    `! Could not convert to bytes. | Too many digits |   Try something like '80k' or '120M'`,
  ],
  [
    'workspace_backend',
    '-1k',
    `! Could not convert to bytes. | Invalid number |   Try something like '80k' or '120M'`,
  ],
  ['thread_pool_max', '5', '! Must be at least 100 (thread_pool_min)'],
  ['thread_pool_min', 'unlimited', '! Must be no more than 5000 (thread_pool_max)'],
  ['thread_pool_min', '1', '! Must be at least 5'],
  ['debug', '', 'none'],
  ['debug', 'default', "! Missing '+' or '-' (default)"],
  ['debug', '+req_state +lurker', '+req_state,+lurker'],
  ['feature', 'default', '+validate_headers'],
  ['feature', '+http2', '+http2,+validate_headers'],
] as const)('%s %j: %s', ([name, value, outcome]) => {
  expect(setTo(name, value)).toBe(outcome);
});
