/** The entry for programs that embed Troupe, and for the command line. */
import { checkProxyOptions } from './check-proxy-options.ts';
import { RunningProxy } from './running-proxy.ts';
import type { ConfigSource, ProxyOptions, TroupeProxy } from './troupe-proxy.ts';

/**
 * Makes a proxy.
 *
 * @param source the config to start with, as `boot`; without one, requests get 503 until another is used
 */
export function createProxy(source?: ConfigSource, options: ProxyOptions = {}): TroupeProxy {
  checkProxyOptions(options);
  return new RunningProxy(source, options);
}
