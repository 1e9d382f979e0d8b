/** Servers on loopback for the other examples to ask: each says its name, and what it was asked for. */
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Starts an origin on a free port. */
export async function startOrigin(name) {
  const server = createServer((request, response) => {
    const user = request.headers['x-user'] ?? 'somebody';
    response.end(`${name}: ${request.method} ${request.url} for ${user}\n`);
  });
  return listen(server);
}

/** Starts any server on a free port. @returns it, its port, and what ends it, however busy it is */
export async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return { server, port, close: () => server.close().closeAllConnections() };
}

/** Ctrl-C ends a program in order. */
export function atInterrupt(close) {
  process.once('SIGINT', close);
}
