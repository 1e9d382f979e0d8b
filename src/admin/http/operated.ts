/**
 * What the dashboard sees of a proxy, and does to it. It looks at actors where they are, once for each request
 * for it; nothing is kept up to date for somebody who might look.
 */
import type { Observable } from 'rxjs';
import type { Clock } from '../../clock.ts';
import type { PurgeOptions } from '../../config/hooks.ts';
import type { FailedRequest } from '../../proxy/request/request-report.ts';
import type { ProxyStats } from '../../proxy-stats.ts';
import type { ControlPlane } from '../../streams/control-plane.ts';
import type { WantedState } from '../config-shelf.ts';

export interface Operated {
  readonly control: ControlPlane;
  readonly clock: Clock;
  stats(): ProxyStats;
  failedRequests(): readonly FailedRequest[];
  /** Loads a config from a file. @throws TroupeError what is wrong with it */
  load(name: string, file: string): Promise<void>;
  /** Switches to a config, and warms it up first if it has cooled down by itself. @throws TroupeError */
  use(name: string): Promise<void>;
  /** @throws TroupeError it is in use, or there is none */
  discard(name: string): Promise<void>;
  /** What is wanted of a config. @throws TroupeError it is in use, or there is none */
  setState(name: string, state: WantedState): Promise<void>;
  /** Takes what is stored under a URL out of the cache. @returns how many objects that were */
  purge(url: string, options: PurgeOptions): number;
  /** Bans what all conditions hold of. @throws TroupeError they are not understood */
  ban(conditions: string): void;
  /** From now on counts how long requests take. */
  keepTimes(): void;
  /** Each request that fails. Nothing is made for it while nobody subscribes. */
  readonly failedRequests$: Observable<FailedRequest>;
  /** Whether it takes no more requests. */
  readonly isClosing: boolean;
}
