/** What commands of the command line work on. */

import type { ProxySettings } from '../../proxy-settings.ts';
import type { Operated } from '../http/operated.ts';
import type { ParameterSet } from '../parameters/parameter-set.ts';
import type { ConfigShelf } from './config-shelf.ts';

/** The proxy as the command line operates it. */
export interface Commanded extends Operated {
  /** Whether requests are served; `stop` and `start` change it. */
  readonly isServing: boolean;
  startServing(): Promise<void>;
  stopServing(): Promise<void>;
  adjust(settings: ProxySettings): void;
}

export interface CliStage {
  readonly operated: Commanded;
  readonly shelf: ConfigShelf;
  readonly parameters: ParameterSet;
}
