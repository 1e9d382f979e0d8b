/** The secret that whoever is not on this machine must show. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { TroupeError } from '../../errors.ts';

/** Characters; 16 random ones of base64 are 96 bits. */
const SHORTEST_TOKEN = 16;

export class AccessToken {
  readonly #digest: Buffer;

  /** @throws TroupeError `admin.needs-token` */
  constructor(token: string) {
    if (token.length < SHORTEST_TOKEN || !/^[\x21-\x7e]+$/.test(token)) {
      const message = `The dashboard's token must have at least ${SHORTEST_TOKEN} characters, without blanks.`;
      throw new TroupeError('admin.needs-token', message, { side: 'troupe', advice: adviceOnToken });
    }
    this.#digest = digest(token);
  }

  /**
   * Whether a field Authorization shows the token: `Bearer TOKEN` (RFC 6750 section 2.1). The time that this
   * takes says nothing about the token: digests of the same length are compared whole.
   */
  isShownBy(authorization: string | undefined): boolean {
    const shown = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(shown), this.#digest);
  }
}

export const adviceOnToken =
  'Write one to a file that only Troupe can read, with: openssl rand -base64 24, and name the file with --dashboard-token.';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
