/** Clients of the command line that mean no good, for as long as a measurement takes. */

import { createHash } from 'node:crypto';
import { connect } from 'node:net';

const PAUSE_MS = 10;
const AT_A_TIME = 32;
const AGAIN_MS = 100;

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
  const kinds = [`auth ${'0'.repeat(64)}\n`, Buffer.alloc(4_096, 0x9c), '', 'x'.repeat(10_000)];
  let came = 0;
  return keepComing(port, perSecond, (socket) => {
    const said = kinds[came++ % kinds.length];
    if (said !== '') socket.write(said);
  });
}

/**
 * Connections, each closed as soon as it is there. As many as are asked for and no more: they would take the load's
 * core, and that would be measured.
 *
 * @param {number} port
 * @param {number} perSecond
 */
export function storm(port, perSecond) {
  return keepComing(port, perSecond, (socket) => socket.on('connect', () => socket.resetAndDestroy()));
}

function keepComing(port, perSecond, greet) {
  const sockets = new Set();
  let taken = 0;
  const timer = setInterval(() => {
    for (let each = 0; each < (perSecond * PAUSE_MS) / 1_000; each++) {
      const socket = connect(port, '127.0.0.1');
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('connect', () => {
        taken++;
      });
      socket.on('close', () => sockets.delete(socket));
      greet(socket);
    }
  }, PAUSE_MS);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    return { connections: taken };
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
      setTimeout(open, AGAIN_MS);
    });
  };
  for (let each = 0; each < AT_A_TIME; each++) open();
  return () => {
    isEnded = true;
    for (const socket of sockets) socket.destroy();
    return {};
  };
}
