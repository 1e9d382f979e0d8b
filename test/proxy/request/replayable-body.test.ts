import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ReplayableBody } from '../../../src/proxy/request/replayable-body.ts';

/** Counts what readers have been given, for tests that do not ask. */
const sent = { bytesSent: 0 };

function source(): Readable {
  return new Readable({ read() {} });
}

async function textOf(body: Uint8Array | Readable): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  let text = '';
  for await (const chunk of body) text += String(chunk);
  return text;
}

/** Reads until `length` bytes have come, then stops. */
async function begin(body: Uint8Array | Readable, length: number): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body.subarray(0, length)).toString();
  let text = '';
  while (text.length < length) {
    const chunk = body.read(
      Math.min(length - text.length, Math.max(1, body.readableLength)),
    ) as Buffer | null;
    if (chunk === null) await once(body, 'readable');
    else text += chunk.toString();
  }
  return text;
}

test.prop([
  fc.array(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }), { maxLength: 8 }),
  fc.array(fc.nat({ max: 60 }), { maxLength: 3 }),
])('every attempt gets the whole body, however far those before it have come', async (pieces, stops) => {
  const whole = pieces.join('');
  const client = Readable.from(pieces.map((piece) => Buffer.from(piece)));
  const body = new ReplayableBody(client, undefined, 1_000);
  for (const stop of stops) {
    const length = Math.min(stop, whole.length);
    expect(await begin(body.open(sent), length)).toBe(whole.slice(0, length));
    expect(body.refusal('retry')).toBeUndefined();
  }
  expect(await textOf(body.open(sent))).toBe(whole);
});

describe('a body larger than the limit', () => {
  test('is streamed whole, once', async () => {
    const body = new ReplayableBody(
      Readable.from(['ab', 'cd', 'ef'].map((t) => Buffer.from(t))),
      undefined,
      3,
    );
    expect(await textOf(body.open(sent))).toBe('abcdef');
    expect(body.isReplayable).toBe(false);
    expect(body.refusal('restart')).toMatchObject({ code: 'troupe.not-replayable' });
  });

  test('can be opened again as long as nothing of it was read', async () => {
    const client = source();
    const body = new ReplayableBody(client, 6, 3);
    body.open(sent);
    client.push('abcdef');
    client.push(null);
    expect(body.refusal('retry')).toBeUndefined();
    expect(await textOf(body.open(sent))).toBe('abcdef');
  });
});

test('a small body that is there already is one piece', () => {
  const client = source();
  client.push('abc');
  const body = new ReplayableBody(client, 3, 10);
  expect(body.open(sent)).toEqual(Buffer.from('abc'));
  expect(body.isComplete).toBe(true);
  expect(body.open(sent)).toEqual(Buffer.from('abc'));
});

test('nothing is read from the client before the backend wants it', () => {
  const client = source();
  const body = new ReplayableBody(client, undefined, 10);
  client.push('abc');
  body.open(sent);
  expect(client.readableLength).toBe(3);
});

test('the client is not read faster than the backend takes', async () => {
  let made = 0;
  const piece = Buffer.alloc(16 * 1024);
  const client = new Readable({
    highWaterMark: 1,
    read() {
      made++;
      this.push(piece);
    },
  });
  const reader = new ReplayableBody(client, undefined, 0).open(sent) as Readable;
  await once(reader, 'readable');
  await new Promise((resolve) => setImmediate(resolve));
  // One buffer of the reader's, one of the source's.
  expect(made).toBeLessThanOrEqual(1 + Math.ceil(reader.readableHighWaterMark / piece.length) + 1);
  reader.destroy();
  client.destroy();
});

test('a client that breaks off ends the attempt with an error', async () => {
  const client = source();
  const body = new ReplayableBody(client, undefined, 10);
  const reader = body.open(sent) as Readable;
  reader.resume();
  const failed = once(reader, 'error');
  client.destroy(new Error('gone'));
  const [error] = (await failed) as [Error];
  expect(error.message).toMatch(/did not send the whole body/);
  expect(body.isBroken).toBe(true);
});

test('so does a client that has broken off before', async () => {
  const client = source();
  const body = new ReplayableBody(client, undefined, 10);
  client.destroy();
  const reader = body.open(sent) as Readable;
  const [error] = (await once(reader, 'error')) as [Error];
  expect(error.message).toMatch(/did not send/);
});

test('after close the rest can be drained by the owner', async () => {
  const client = Readable.from([Buffer.from('abc'), Buffer.from('def')]);
  const body = new ReplayableBody(client, undefined, 10);
  await begin(body.open(sent), 3);
  body.close();
  client.resume();
  await once(client, 'end');
});

test('an attempt given up gets nothing more', async () => {
  const client = source();
  const body = new ReplayableBody(client, undefined, 10);
  const first = body.open(sent) as Readable;
  const second = body.open(sent) as Readable;
  expect(first.destroyed).toBe(true);
  client.push('abc');
  client.push(null);
  expect(await textOf(second)).toBe('abc');
});

test('what each reader was given is counted, and once what the client has sent', async () => {
  const client = source();
  const body = new ReplayableBody(client, undefined, 1_000);
  const [first, second] = [{ bytesSent: 0 }, { bytesSent: 0 }];
  const reader = body.open(first);
  client.push('abc');
  await begin(reader, 3);
  expect([first.bytesSent, body.readBytes]).toEqual([3, 3]);
  const again = textOf(body.open(second));
  client.push('def');
  client.push(null);
  expect(await again).toBe('abcdef');
  expect([first.bytesSent, second.bytesSent, body.readBytes]).toEqual([3, 6, 6]);
  body.open(second);
  expect(second.bytesSent).toBe(12);
});
