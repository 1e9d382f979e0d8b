/**
 * WebSockets through a proxy in a server of your own: the server hands over what its `upgrade` event brings.
 *
 *   npm install ws
 *   node examples/embedding/websocket.mjs
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { backend, createProxy, defineConfig } from 'troupe';
import { WebSocket, WebSocketServer } from 'ws';
import { atInterrupt, listen } from './origins.mjs';

const origin = await listen(createServer());
const echo = new WebSocketServer({ server: origin.server });
echo.on('connection', (socket) => socket.on('message', (text) => socket.send(`echo: ${text}`)));

const chat = backend({ host: '127.0.0.1', port: origin.port });
const proxy = createProxy(defineConfig({ backends: { chat } }));
await proxy.ready;

const server = createServer(proxy.handler);
server.on('upgrade', proxy.upgrade);
const { port, close } = await listen(server);

atInterrupt(async () => {
  close();
  await proxy.close();
  echo.close();
  origin.close();
});

console.log(`Serving on ws://127.0.0.1:${port}/; Ctrl-C ends it.`);
const client = new WebSocket(`ws://127.0.0.1:${port}/`);
await once(client, 'open');
client.send('hello');
const [answer] = await once(client, 'message');
console.log(`hello -> ${answer}`);
client.close();
