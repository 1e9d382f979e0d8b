/**
 * Ends a connection so that its other end sees that something is missing: an orderly close would look like the
 * end of what was sent. Only TCP knows such a sign; over TLS and unix sockets the connection is closed.
 */
import type { Duplex } from 'node:stream';

interface Resettable {
  resetAndDestroy(): unknown;
}

export function resetConnection(connection: Duplex): void {
  if (connection.destroyed) return;
  // While a socket's end is on its way node cannot reset it, and never closes it after trying (EINVAL).
  const isEnding = connection.writableEnded && !connection.writableFinished;
  try {
    if (!isEnding && 'resetAndDestroy' in connection) (connection as Resettable).resetAndDestroy();
  } catch {
    // Node's sockets have the method even where they cannot do it.
  }
  connection.destroy();
}
