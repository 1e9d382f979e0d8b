/** Requests that no config serves: they get one line of text, and count and are told like the others. */
import type { ConfigKey } from '../../config-key.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RequestEnvironment } from './environment.ts';
import { type Failure, tellEnd } from './request-report.ts';
import { RequestStory } from './request-story.ts';
import { respondPlainly } from './synthetic.ts';

/**
 * @param config whose request it would have been; undefined: there is none
 * @param failure why it is Troupe's failure; undefined: it is not
 */
export function answerUnserved(
  environment: RequestEnvironment,
  exchange: Exchange,
  status: number,
  config: ConfigKey | undefined,
  failure?: Failure,
): void {
  const { clock, traffic, access, failedRequests } = environment;
  const bytesSent = respondPlainly(exchange, status, clock.wallNow());
  traffic.end('complete', status, bytesSent, 0);
  traffic.durations?.add(clock.now() - exchange.receivedAt);
  if (access === undefined && (failure === undefined || failedRequests === undefined)) return;
  const story = new RequestStory();
  if (failure !== undefined) story.fail(failure);
  const xid = String(environment.nextXid());
  tellEnd(environment, exchange, {
    config,
    xid,
    restarts: 0,
    ending: 'complete',
    status,
    bytesSent,
    bytesReceived: 0,
    story,
  });
}
