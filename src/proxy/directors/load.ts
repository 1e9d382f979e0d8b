/**
 * What a director knows of one of its members by the requests that it has given it: of this entry of its list
 * alone, whoever else asks the same backend. Kept by policies that go by load; see least-connections.ts and
 * peak-ewma.ts.
 */
export interface Load {
  /** A request was given to the member. */
  begun(): void;
  /** The head of its answer has come, so many milliseconds after it was sent. */
  answered(ms: number): void;
  /** It failed, so many milliseconds after it was sent. */
  failed(ms: number): void;
  /** It was given up after so many milliseconds, before an answer; or, with 0, there will be none to tell of. */
  unanswered(ms: number): void;
  /** It is over, whatever it came to. Called once for each `begun`, after one of the three. */
  ended(): void;
}
