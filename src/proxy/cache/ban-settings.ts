/** How bans are dealt with: parameters of varnishd(1). */
export interface BanSettings {
  /** Whether a ban completes an earlier one with the same conditions; ban_dups. */
  readonly dropsEqual: boolean;
  /** Milliseconds for which a ban is left to requests, before the lurker tests it; ban_lurker_age. */
  readonly lurkerAgeMs: number;
  /** Entries that it looks at, and bans that it tests, in one turn; ban_lurker_batch. */
  readonly lurkerBatch: number;
  /** Milliseconds between two such turns; 0: it does nothing; ban_lurker_sleep. */
  readonly lurkerSleepMs: number;
  /** What has not been tested against more bans than that is taken out untested; 0: nothing is; ban_cutoff. */
  readonly cutoff: number;
}

/** varnishd's. */
export const banDefaults: BanSettings = {
  dropsEqual: true,
  lurkerAgeMs: 60_000,
  lurkerBatch: 1_000,
  lurkerSleepMs: 10,
  cutoff: 0,
};
