import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAccessLog } from '../../src/cli/access-log.ts';
import type { RequestReport } from '../../src/proxy/request/request-report.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-access-'));
});

afterEach(() => rm(folder, { recursive: true }));

function report(xid: string, more: Partial<RequestReport> = {}): RequestReport {
  return {
    xid,
    status: 200,
    tries: [{ identity: undefined, via: ['app'], startMs: 0, ms: 1 }],
    ...more,
  } as RequestReport;
}

async function linesOf(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const unexpected = (sentence: string) => {
  throw new Error(sentence);
};

test('is a JSON line for each request, failed ones marked as errors, all there when it is closed', async () => {
  const path = join(folder, 'access.log');
  const log = openAccessLog(path, unexpected);
  log.write(report('1'));
  log.write(report('2', { failure: { code: 'backend.reset', message: 'gone' } }));
  await log.close();
  expect(await linesOf(path)).toEqual([
    { level: 'info', xid: '1', status: 200, tries: [{ via: ['app'], startMs: 0, ms: 1 }] },
    {
      level: 'error',
      xid: '2',
      status: 200,
      tries: [{ via: ['app'], startMs: 0, ms: 1 }],
      failure: { code: 'backend.reset', message: 'gone' },
    },
  ]);
});

test('appends to a file that is there, and goes on in a new one after rotation, without losing a line', async () => {
  const path = join(folder, 'access.log');
  for (const half of [0, 1]) {
    const log = openAccessLog(path, unexpected);
    for (let i = 0; i < 500; i++) log.write(report(String(half * 500 + i)));
    await log.close();
  }
  const log = openAccessLog(path, unexpected);
  await rename(path, `${path}.1`);
  log.reopen();
  log.write(report('1000'));
  await log.close();
  const all = [...(await linesOf(`${path}.1`)), ...(await linesOf(path))] as RequestReport[];
  expect(all.map(({ xid }) => Number(xid))).toEqual(Array.from({ length: 1_001 }, (_, i) => i));
});

test('that cannot be written is refused at once, with the reason', () => {
  expect(() => openAccessLog(join(folder, 'nowhere', 'access.log'), unexpected)).toThrow(
    expect.objectContaining({
      code: 'troupe.log-failed',
      message: expect.stringMatching(/access\.log cannot be written: ENOENT/),
    }),
  );
});

test.skipIf(!existsSync('/dev/full'))(
  'that can be written no more says so once, and serving goes on',
  async () => {
    const sentences: string[] = [];
    // A device that is always full.
    const log = openAccessLog('/dev/full', (sentence) => sentences.push(sentence));
    for (let i = 0; i < 100; i++) {
      log.write(report('x'.repeat(5_000)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await log.close();
    expect(sentences).toEqual([
      expect.stringMatching(/^access log: \/dev\/full cannot be written \(ENOSPC.*lines are lost/),
    ]);
  },
);
