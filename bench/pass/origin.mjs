/**
 * The origin behind every proxy: it must never be what limits them. nginx where it is installed, otherwise a
 * socket server of Node's that answers each request head it sees with the same bytes.
 */

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { versionOf } from '../support/machine.mjs';
import { fillTemplate } from '../support/template.mjs';

/** Bodies up to this size stand in nginx's configuration, and are sent from memory. */
const INLINE_BYTES = 65_536;

export function describeOrigin() {
  const version = versionOf('nginx', '-v');
  return version === undefined ? `node:net, Node ${process.version}` : `nginx ${version}`;
}

/**
 * @param {{ port: number, dir: string, bodyBytes: number }} origin
 * @returns {string[]} the command that serves it
 */
export function originCommand({ port, dir, bodyBytes }) {
  if (versionOf('nginx', '-v') === undefined) {
    return [process.execPath, fileURLToPath(import.meta.url), String(port), String(bodyBytes)];
  }
  const inline = bodyBytes <= INLINE_BYTES;
  if (!inline) writeFileSync(join(dir, 'body'), Buffer.alloc(bodyBytes, 'x'));
  const answer = inline ? `return 200 "${'x'.repeat(bodyBytes)}"` : 'try_files /body =404';
  const file = fillTemplate(new URL('./origin.nginx.conf', import.meta.url), dir, { port, dir, answer });
  return ['nginx', '-c', file, '-p', dir];
}

function serve(port, bodyBytes) {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
  const answer = Buffer.concat([Buffer.from(head), Buffer.alloc(bodyBytes, 'x')]);
  const server = createServer({ noDelay: true }, (socket) => {
    let rest = '';
    socket.on('data', (chunk) => {
      const heads = (rest + chunk.toString('latin1')).split('\r\n\r\n');
      rest = heads.pop() ?? '';
      for (const _ of heads) socket.write(answer);
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(port, '127.0.0.1');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, bodyBytes] = process.argv.slice(2).map(Number);
  serve(port, bodyBytes);
}
