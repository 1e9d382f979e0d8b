/** Waits for a server that was just started, and makes sure that what it answers is what is to be measured. */
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds that a start may take; varnishd compiles its configuration first. */
const START_MS = 15_000;

/**
 * @param {number} port
 * @param {number} bodyBytes length of the right answer's body
 * @param {() => boolean} isRunning
 */
export async function untilItAnswers(port, bodyBytes, isRunning) {
  const end = Date.now() + START_MS;
  for (;;) {
    const { status, bytes } = await ask(port);
    if (status === 200 && bytes === bodyBytes) return;
    if (!isRunning()) throw new Error('it ended instead of serving');
    if (Date.now() > end) {
      throw new Error(
        `no right answer within ${START_MS} ms; the last had status ${status} and ${bytes} bytes`,
      );
    }
    await delay(20);
  }
}

/** @returns {Promise<{ status: number, bytes: number }>} status 0: no answer */
function ask(port) {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/shop/item?id=4711', agent: false, timeout: START_MS };
    const request = get(options, (response) => {
      let bytes = 0;
      response.on('data', (chunk) => {
        bytes += chunk.length;
      });
      response.on('error', () => resolve({ status: 0, bytes }));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes }));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve({ status: 0, bytes: 0 }));
  });
}
