/** Who is told what happens in a proxy. */
import type { TroupeError } from './errors.ts';
import type { SocketAddress } from './proxy/http/exchange.ts';
import type { RequestLog } from './proxy/request/request-log.ts';

/** What has no receiver is not even built: without `access`, no report is made of requests that went well. */
export interface ProxyLog extends RequestLog {
  /** A client's connection was refused or cut because of what it sent. */
  clientError(error: TroupeError, client: SocketAddress): void;
  /** A mistake of Troupe's own that was contained, or of this log's. */
  fault(error: unknown, where: string): void;
}

/** The same log, but what its receivers throw goes to `fault`, and never into a request that is told of. */
export function containedLog(log: ProxyLog): ProxyLog {
  const fault = (error: unknown, where: string): void => {
    try {
      log.fault(error, where);
    } catch {
      // There is nobody left to tell.
    }
  };
  const contain =
    <Args extends unknown[]>(name: string, receive: (...args: Args) => void) =>
    (...args: Args): void => {
      try {
        receive.apply(log, args);
      } catch (error) {
        fault(error, `the log's ${name}`);
      }
    };
  return {
    failure: contain('failure', log.failure),
    hookError: contain('hookError', log.hookError),
    line: contain('line', log.line),
    clientError: contain('clientError', log.clientError),
    fault,
    ...(log.access === undefined ? {} : { access: contain('access', log.access) }),
  };
}
