/** An origin that answers probes and counts them: a process of polling.mjs, so that its time is not the poller's. */
import { createServer } from 'node:net';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

let probes = 0;
const server = createServer((socket) => {
  socket.once('data', () => {
    probes++;
    socket.end(ANSWER);
  });
  socket.on('error', () => {});
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () => {
  process.send({ port: server.address().port });
});
process.on('message', () => process.send({ probes }));
