import { expect, test } from 'vitest';
import { TroupeError } from '../src/errors.ts';
import { containedLog, type ProxyLog } from '../src/proxy-log.ts';

const client = { address: '198.51.100.7', port: 40_000 };
const error = new TroupeError('client.malformed', 'two Hosts', { side: 'client' });

test('what a receiver throws is told as a fault, with the name of the receiver', () => {
  const faults: string[] = [];
  const log = containedLog({
    clientError() {
      throw new Error('disk full');
    },
    fault: (thrown, where) => faults.push(`${where}: ${thrown}`),
  });
  log.clientError?.(error, client);
  expect(faults).toEqual(["the log's clientError: Error: disk full"]);
});

test('a fault that cannot be told ends nothing', () => {
  const broken = () => {
    throw new Error('disk full');
  };
  for (const log of [{ line: broken }, { line: broken, fault: broken }]) {
    containedLog(log).line?.('boot@1' as never, '1', 'a line');
  }
});

test('receivers keep their this, and those that are absent stay absent', () => {
  class Counting implements ProxyLog {
    lines = 0;

    line(): void {
      this.lines++;
    }
  }
  const counting = new Counting();
  const log = containedLog(counting);
  log.line?.('boot@1' as never, '1', 'a line');
  expect(counting.lines).toBe(1);
  expect(Object.keys(log).sort()).toEqual(['fault', 'line']);
});
