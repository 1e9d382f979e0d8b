/** Who is told what happens in a proxy. */
import type { TroupeError } from './errors.ts';
import type { SocketAddress } from './proxy/http/exchange.ts';
import type { RequestLog } from './proxy/request/request-log.ts';

/** Each receiver may be absent; what it would be told is not even built then. They are looked at once. */
export interface ProxyLog extends RequestLog {
  /** A client's connection was refused or cut because of what it sent. */
  clientError?(error: TroupeError, client: SocketAddress): void;
  /**
   * Somebody did not know the secret of the command line. Of many in a short time, a line tells of several.
   *
   * @param client the last of them
   * @param count how many the line tells of
   */
  operatorRefused?(client: SocketAddress, count: number): void;
  /** A mistake of Troupe's own that was contained, or of this log's. */
  fault?(error: unknown, where: string): void;
}

/** The same log, but what its receivers throw goes to `fault`, and never into a request that is told of. */
export function containedLog(log: ProxyLog): ProxyLog {
  const fault = (error: unknown, where: string): void => {
    try {
      log.fault?.(error, where);
    } catch {
      // There is nobody left to tell.
    }
  };
  const contain = <Args extends unknown[]>(name: string, receive: (...args: Args) => void) => {
    return (...args: Args): void => {
      try {
        receive.apply(log, args);
      } catch (error) {
        fault(error, `the log's ${name}`);
      }
    };
  };
  const { access, failure, hookError, peer, line, clientError, operatorRefused } = log;
  return {
    fault,
    ...(access && { access: contain('access', access) }),
    ...(failure && { failure: contain('failure', failure) }),
    ...(hookError && { hookError: contain('hookError', hookError) }),
    ...(peer && { peer: contain('peer', peer) }),
    ...(line && { line: contain('line', line) }),
    ...(clientError && { clientError: contain('clientError', clientError) }),
    ...(operatorRefused && { operatorRefused: contain('operatorRefused', operatorRefused) }),
  };
}
