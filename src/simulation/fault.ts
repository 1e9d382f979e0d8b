/** What can be wrong with an origin, or with the way to it. Plain data: it is written into files and read again. */

export type Fault =
  /** Nobody listens: connections are refused at once, and those under way break. */
  | { readonly kind: 'refuses' }
  /** Packets vanish: neither a connection nor an answer comes about. */
  | { readonly kind: 'vanishes' }
  /** It takes requests, and never answers. */
  | { readonly kind: 'hangs' }
  /** It answers that much later than it should. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** It answers with this status; with `url`, for that path only. */
  | { readonly kind: 'fails'; readonly status: number; readonly url?: string | undefined }
  /** It resets the connection once it has read the request; with `url`, for that path only. */
  | { readonly kind: 'resets'; readonly url?: string | undefined }
  /** It breaks off in the middle of a body. */
  | { readonly kind: 'cuts' }
  /** It refuses connections for one period, answers for the next, and so on. */
  | { readonly kind: 'flaps'; readonly periodMs: number };

/** A fault as a person would say it. */
export interface FaultWords {
  /** What happens: `goes down`. */
  readonly event: string;
  /** What it is from then on: `down`. */
  readonly state: string;
}

export function describeFault(fault: Fault): FaultWords {
  switch (fault.kind) {
    case 'refuses':
      return { event: 'goes down', state: 'down' };
    case 'vanishes':
      return { event: 'cannot be reached any more', state: 'unreachable' };
    case 'hangs':
      return { event: 'takes requests and answers none', state: 'hanging' };
    case 'slow':
      return { event: 'becomes slow', state: `${fault.ms} ms slower` };
    case 'fails': {
      const where = fault.url === undefined ? '' : ` for ${fault.url}`;
      return { event: `begins to fail${where}`, state: `answers ${fault.status}${where}` };
    }
    case 'resets': {
      const where = fault.url === undefined ? '' : ` for ${fault.url}`;
      return { event: `begins to reset connections${where}`, state: `resets connections${where}` };
    }
    case 'cuts':
      return { event: 'breaks off in the middle of bodies', state: 'breaks off' };
    case 'flaps':
      return { event: 'begins to flap', state: `down and up, ${fault.periodMs / 1_000} s each` };
    default:
      return fault satisfies never;
  }
}
