/** `close` leaves nothing behind: real processes, which must end by themselves. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TroupeProxy } from '../../src/index.ts';
import { Stage } from '../support/embedding.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../support/embedding-process.ts', import.meta.url));
const jiti = fileURLToPath(import.meta.resolve('jiti/register'));

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => stage.close());

test.each(['used', 'under way', 'not ready', 'failed'])('a proxy that was %s', async (scenario) => {
  // A time-out is a process that has not ended: execFile rejects then.
  const { stdout } = await run(process.execPath, ['--import', jiti, program, scenario], { timeout: 20_000 });
  expect(JSON.parse(stdout)).toEqual({ left: [] });
});

test('`await using` closes it', async () => {
  const origin = await stage.origin();
  let proxy: TroupeProxy;
  {
    await using used = stage.proxyTo(origin);
    await used.ready;
    proxy = used;
  }
  await expect(proxy.load('late', '/x.ts')).rejects.toMatchObject({ code: 'command.stopping' });
});
