/**
 * POST content as a hook gives it, made the operation's own: bytes may be changed by whoever gave them, and ours go
 * over to a thread with their memory.
 */
import { showValue } from '../../config/show-value.ts';

/** @throws TypeError it is no content; TypeScript sees that, JavaScript and `any` do not */
export function postContentOf(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || typeof body === 'string') return body;
  // Not slice(): a Buffer's is a view, and its memory is the program's, often shared with other Buffers.
  if (body instanceof Uint8Array) return new Uint8Array(body);
  throw new TypeError(
    `the body of an operation for a peer must be a string or a Uint8Array, but is ${showValue(body)}`,
  );
}
