/** What one probe of a backend came to: plain data, as the poller's record keeps it. */
export interface ProbeResult {
  /** It answered in time with the expected status. */
  readonly happy: boolean;
  readonly flags: ProbeFlags;
  /** Milliseconds from the start of the connect to the end of the answer; 0 without a good receive. */
  readonly responseTimeMs: number;
  /** The status line of a good probe, or why it was not good. */
  readonly reason: string;
}

/** The steps that varnishd keeps a history of each (`backend.list -p`). */
export interface ProbeFlags {
  readonly goodIpv4: boolean;
  readonly goodIpv6: boolean;
  readonly goodUnix: boolean;
  readonly goodXmit: boolean;
  readonly errXmit: boolean;
  readonly goodRecv: boolean;
  readonly errRecv: boolean;
}
