/**
 * What a worker thread runs: it performs the orders that it is given, one after the other, and answers each.
 *
 * Answers go back a few at a time while there is more to do, so that the event loop on the other side, which
 * serves requests, is not woken for each; none waits longer than ANSWER_WAIT_MS.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { OperationQueue } from './operation-queue.ts';
import { type PeerAnswer, type PeerOrder, READY, type ThreadStart } from './order.ts';
import { Performer } from './perform.ts';

const ANSWERS_AT_ONCE = 8;
const ANSWER_WAIT_MS = 2;

const port = parentPort;
if (port !== null) {
  const { begun } = workerData as ThreadStart;
  const queue = new OperationQueue<PeerOrder>();
  const performer = new Performer();
  /** Orders seen, those taken back included. */
  let seen = 0;
  let isBusy = false;
  let answers: PeerAnswer[] = [];
  let flushing: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(flushing);
    flushing = undefined;
    port.postMessage(answers);
    answers = [];
  };
  const done = (answer: PeerAnswer): void => {
    isBusy = false;
    answers.push(answer);
    beginNext();
    if (!isBusy || answers.length >= ANSWERS_AT_ONCE) flush();
    else flushing ??= setTimeout(flush, ANSWER_WAIT_MS);
  };
  const beginNext = (): void => {
    for (let order = queue.shift(); order !== undefined; order = queue.shift()) {
      const number = seen;
      seen = (seen + 1) | 0;
      if (Atomics.compareExchange(begun, 0, number, seen) !== number) continue;
      isBusy = true;
      performer.perform(order, done);
      return;
    }
    performer.rest();
  };
  performer.next = () => queue.first;
  port.on('message', (orders: readonly PeerOrder[]) => {
    for (const order of orders) queue.push(order);
    if (!isBusy) beginNext();
  });
  port.postMessage(READY);
}
