/** Clients of the command line that mean no good, for as long as a measurement takes. */

import { createHash } from 'node:crypto';
import { connect } from 'node:net';

const PAUSE_MS = 10;
const AT_A_TIME = 32;

/**
 * A command a microsecond from somebody who knows the secret, as fast as they are taken.
 *
 * @param {number} port
 * @param {Buffer} secret
 */
export function flood(port, secret) {
  const commands = 'ping\nvcl.list\n'.repeat(1_000);
  const socket = connect(port, '127.0.0.1');
  let replies = 0;
  let isIn = false;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    if (isIn) {
      replies += chunk.length;
      return;
    }
    isIn = true;
    const challenge = chunk.subarray(13, 13 + 33);
    const answer = createHash('sha256').update(challenge).update(secret).update(challenge).digest('hex');
    socket.write(`auth ${answer}\n`);
    const send = () => {
      while (!socket.destroyed && socket.write(commands));
    };
    socket.on('drain', send);
    send();
  });
  return () => {
    socket.destroy();
    return { replyBytes: replies };
  };
}

/**
 * Strangers: many at a time, again and again, with wrong answers, bytes that mean nothing, or nothing at all.
 *
 * @param {number} port
 * @param {number} perSecond
 */
export function strangers(port, perSecond) {
  const sockets = new Set();
  let connections = 0;
  const kinds = [`auth ${'0'.repeat(64)}\n`, Buffer.alloc(4_096, 0x9c), '', 'x'.repeat(10_000)];
  const timer = setInterval(() => {
    for (let each = 0; each < (perSecond * PAUSE_MS) / 1_000; each++) {
      const socket = connect(port, '127.0.0.1');
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      const said = kinds[connections++ % kinds.length];
      if (said !== '') socket.write(said);
    }
  }, PAUSE_MS);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    return { connections };
  };
}

/**
 * Connections without a pause: as many at a time as there may be, each closed as soon as it is there, and another one.
 *
 * @param {number} port
 */
export function storm(port) {
  const sockets = new Set();
  let connections = 0;
  let refused = 0;
  let isEnded = false;
  const open = () => {
    if (isEnded) return;
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('connect', () => {
      connections++;
      socket.resetAndDestroy();
    });
    socket.on('error', () => {
      refused++;
    });
    socket.on('close', () => {
      sockets.delete(socket);
      setImmediate(open);
    });
  };
  for (let each = 0; each < AT_A_TIME; each++) open();
  return () => {
    isEnded = true;
    for (const socket of sockets) socket.destroy();
    return { connections, refused };
  };
}

/**
 * Strangers who stay, and send without a pause what a stranger may: pings, and lines with nothing in them.
 *
 * @param {number} port
 */
export function chatter(port) {
  const lines = 'ping\n\n \t\n'.repeat(8_000);
  const sockets = new Set();
  let isEnded = false;
  const open = () => {
    if (isEnded) return;
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    const send = () => {
      while (!socket.destroyed && socket.write(lines));
    };
    socket
      .on('connect', send)
      .on('drain', send)
      .on('error', () => {})
      .resume();
    socket.on('close', () => {
      sockets.delete(socket);
      setTimeout(open, PAUSE_MS);
    });
  };
  for (let each = 0; each < AT_A_TIME; each++) open();
  return () => {
    isEnded = true;
    for (const socket of sockets) socket.destroy();
    return {};
  };
}
