/** What a worker thread runs: it performs the orders that it is given, one after the other, and answers each. */
import { parentPort } from 'node:worker_threads';
import { type PeerOrder, READY } from './order.ts';
import { perform } from './perform.ts';

const port = parentPort;
if (port !== null) {
  port.on('message', (order: PeerOrder) => perform(order, (answer) => port.postMessage(answer)));
  port.postMessage(READY);
}
