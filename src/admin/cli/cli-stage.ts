/** What commands of the command line work on. */

import type { SourceText } from '../../config/config.ts';
import type { ConfigKey } from '../../config-key.ts';
import type { IssuedBan } from '../../proxy/data-plane.ts';
import type { ProxySettings } from '../../proxy-settings.ts';
import type { ConfigShelf } from '../config-shelf.ts';
import type { Operated } from '../http/operated.ts';
import type { ParameterSet } from '../parameters/parameter-set.ts';

/** The proxy as the command line operates it. */
export interface Commanded extends Operated {
  readonly shelf: ConfigShelf;
  /** Whether requests are served; `stop` and `start` change it. */
  readonly isServing: boolean;
  startServing(): Promise<void>;
  stopServing(): Promise<void>;
  adjust(settings: ProxySettings): void;
  /**
   * Loads a program that came as text.
   *
   * @param origin path of its file, or a name in angle brackets
   * @param text one character for each byte
   * @throws TroupeError as `load`
   */
  loadVcl(name: string, origin: string, text: string): Promise<void>;
  /** The texts that a loaded config was made of, the main one first. */
  sources(key: ConfigKey): readonly SourceText[];
  /** Names of the storages of the cache. */
  storages(): readonly string[];
  /** The last mistake of Troupe's own that was contained, with its stack. */
  lastFault(): string | undefined;
  clearFault(): void;
  /** @returns what is wrong with the words of a ban; undefined: it was issued */
  issueBan(words: readonly string[]): string | undefined;
  /** The newest first. */
  listBans(): readonly IssuedBan[];
  /** The number that the last request got. */
  xid(): number;
  setXid(xid: number): void;
  listenAddresses(): readonly { readonly name: string; readonly address: string; readonly port: number }[];
  /** How many requests are on a config now. */
  busy(key: ConfigKey): number;
}

export interface CliStage {
  readonly operated: Commanded;
  readonly shelf: ConfigShelf;
  readonly parameters: ParameterSet;
}
