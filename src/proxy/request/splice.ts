/**
 * Joins two connections: what one sends the other receives, at the pace of the slower one, and the end of
 * one direction leaves the other open.
 */
import type { Duplex } from 'node:stream';

/**
 * @param ended called once when both have closed
 * @returns what cuts both
 */
export function splice(one: Duplex, other: Duplex, ended: () => void): () => void {
  let open = 2;

  function cut(): void {
    one.destroy();
    other.destroy();
  }

  function watch(connection: Duplex, peer: Duplex): void {
    connection.on('error', cut);
    connection.once('close', () => {
      // After an orderly close the peer still has bytes to send on; after any other, nobody wants them.
      if (!connection.readableEnded || !connection.writableFinished) peer.destroy();
      open--;
      if (open === 0) ended();
    });
  }

  watch(one, other);
  watch(other, one);
  one.pipe(other);
  other.pipe(one);
  return cut;
}
