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

export type FaultKind = Fault['kind'];

/** A fault as a person would say it. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'refuses':
      return 'goes down';
    case 'vanishes':
      return 'cannot be reached';
    case 'hangs':
      return 'takes requests and never answers';
    case 'slow':
      return `answers ${fault.ms} ms later`;
    case 'fails':
      return `answers ${fault.status}${fault.url === undefined ? '' : ` for ${fault.url}`}`;
    case 'resets':
      return `resets connections${fault.url === undefined ? '' : ` for ${fault.url}`}`;
    case 'cuts':
      return 'breaks off in the middle of bodies';
    case 'flaps':
      return `goes down and comes back every ${fault.periodMs / 1_000} s`;
    default:
      return fault satisfies never;
  }
}
