import { EventEmitter, once } from 'node:events';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Fields } from '../../../src/proxy/http/fields.ts';
import { BackendResponseMessage, notKept } from '../../../src/proxy/request/backend-response.ts';
import { type FilterOwner, filterOf } from '../../../src/proxy/request/fetch-filter.ts';

class Reader extends EventEmitter implements FilterOwner {
  pieces: Uint8Array[] = [];
  length: number | undefined | 'not begun' = 'not begun';

  filterBegan(length: number | undefined): void {
    this.length = length;
  }

  filtered(chunk: Uint8Array): boolean {
    this.pieces.push(chunk);
    return true;
  }

  filterEnded(): void {
    this.emit('over', 'ended');
  }

  filterBroke(hasBegun: boolean): void {
    this.emit('over', hasBegun ? 'broke' : 'never began');
  }

  resumeSource(): void {}

  get body(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

function answer(fields: readonly string[], wants: Partial<BackendResponseMessage>): BackendResponseMessage {
  const beresp = new BackendResponseMessage(200, 'OK', new Fields([...fields], true), notKept, 0);
  return Object.assign(beresp, wants);
}

/** @returns how it ended */
async function run(
  beresp: BackendResponseMessage,
  pieces: readonly Uint8Array[],
  reader: Reader,
): Promise<unknown> {
  const filter = filterOf(beresp, reader);
  if (filter === undefined) return 'no filter';
  const over = once(reader, 'over');
  filter.begin(pieces.reduce((sum, { length }) => sum + length, 0));
  for (const piece of pieces) filter.write(piece);
  filter.end(undefined);
  return (await over)[0];
}

const hello = Buffer.from('hello hello hello');

describe('filterOf', () => {
  test('leaves alone what nobody wants changed', () => {
    expect(filterOf(answer([], {}), new Reader())).toBeUndefined();
    expect(filterOf(answer(['Content-Encoding', 'br'], { doGzip: true }), new Reader())).toBeUndefined();
    expect(filterOf(answer([], { doGunzip: true }), new Reader())).toBeUndefined();
  });

  test('packs, and says so', async () => {
    const reader = new Reader();
    const beresp = answer(['Content-Length', '17', 'ETag', '"x"', 'Vary', 'A'], { doGzip: true });
    expect(await run(beresp, [hello], reader)).toBe('ended');
    expect(gunzipSync(reader.body).equals(hello)).toBe(true);
    expect(reader.length).toBeUndefined();
    expect([...beresp.http]).toEqual([
      ['ETag', 'W/"x"'],
      ['Content-Encoding', 'gzip'],
      ['Vary', 'A, Accept-Encoding'],
    ]);
  });

  test('unpacks, piece by piece', async () => {
    const packed = gzipSync(hello);
    const reader = new Reader();
    const beresp = answer(['Content-Encoding', 'gzip'], { doGunzip: true });
    expect(await run(beresp, [packed.subarray(0, 5), packed.subarray(5)], reader)).toBe('ended');
    expect(reader.body.equals(hello)).toBe(true);
    expect([...beresp.http]).toEqual([]);
  });

  test('tells of a gzip that is none', async () => {
    const beresp = answer(['Content-Encoding', 'gzip'], { doGunzip: true });
    expect(await run(beresp, [hello], new Reader())).toBe('broke');
  });

  test('holds back until it is whole, and then knows how long it is', async () => {
    const reader = new Reader();
    expect(await run(answer([], { doStream: false }), [hello, hello], reader)).toBe('ended');
    expect(reader.length).toBe(34);
    expect(reader.body.length).toBe(34);
  });

  test('what is held back and breaks off never began', async () => {
    const reader = new Reader();
    const filter = filterOf(answer([], { doStream: false }), reader);
    const over = once(reader, 'over');
    filter?.begin(17);
    filter?.write(hello);
    filter?.broke();
    expect((await over)[0]).toBe('never began');
    expect(reader.length).toBe('not begun');
  });
});

describe('a gzip that is held back until it is whole', () => {
  const gzip = ['Content-Encoding', 'gzip'];

  test.each([
    ['is tested, and goes on as it is', [gzipSync(hello)], 'ended'],
    ['may have several members', [gzipSync(hello), gzipSync(hello)], 'ended'],
    ['must be a gzip', [hello], 'never began'],
    ['must be whole', [gzipSync(hello).subarray(0, 20)], 'never began'],
    ['must not be followed by anything', [gzipSync(hello), hello], 'never began'],
    ['must not be followed in the same piece', [Buffer.concat([gzipSync(hello), hello])], 'never began'],
  ])('%s', async (_, pieces, end) => {
    const reader = new Reader();
    expect(await run(answer(gzip, { doStream: false }), pieces, reader)).toBe(end);
    expect(reader.body).toEqual(end === 'ended' ? Buffer.concat(pieces) : Buffer.alloc(0));
  });

  test('is not looked into where it is a part', async () => {
    const reader = new Reader();
    const part = Object.assign(answer(gzip, { doStream: false }), { status: 206 });
    expect(await run(part, [hello], reader)).toBe('ended');
  });
});

test('unpacking notices what follows a gzip', async () => {
  const pieces = [Buffer.concat([gzipSync(hello), hello])];
  const wants = { doGunzip: true, doStream: false };
  expect(await run(answer(['Content-Encoding', 'gzip'], wants), pieces, new Reader())).toBe('never began');
});
