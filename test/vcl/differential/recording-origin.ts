/**
 * An origin that answers as a case says and writes down what it was asked, byte by byte.
 */
import { gzipSync } from 'node:zlib';
import { type RawConnection, type RawOrigin, rawOrigin } from '../../support/raw-origin.ts';
import { type CaseAnswer, without } from './read-cases.ts';

/** What the origins of one proxy were asked in one case. */
export interface Recorder {
  readonly ports: readonly number[];
  /** The requests in their order: as text, with the origin's number. */
  asked(): readonly string[];
  /** Resolves when there are so many. */
  waitFor(count: number): Promise<void>;
  close(): Promise<void>;
}

const nothingSaid: CaseAnswer = { status: 200, reason: 'OK', fields: [], body: 'hello' };

/** They are new for each case, so that no connection is left of another. */
export async function recordingOrigins(count: number, answers: readonly CaseAnswer[]): Promise<Recorder> {
  let given = 0;
  const asked: string[] = [];
  let wake = () => {};
  const serve = (number: number) => async (connection: RawConnection) => {
    for (;;) {
      const text = await connection.request();
      const head = text.slice(0, text.indexOf('\r\n\r\n') + 4);
      const body = await bodyOf(head, connection);
      asked.push(`origin ${number}: ${head}${body}`);
      wake();
      const answer = answers[Math.min(given++, answers.length - 1)] ?? nothingSaid;
      if (answer.status === undefined) {
        connection.socket.destroy();
        return;
      }
      const isBodiless = head.startsWith('HEAD ') || answer.status === 304 || answer.status === 204;
      connection.socket.write(textOf(answer, isBodiless));
      if (answer.fields.some(([name, value]) => name === 'Connection' && value === 'close')) {
        connection.socket.end();
        return;
      }
    }
  };
  const origins: RawOrigin[] = [];
  for (let number = 1; number <= count; number++) origins.push(await rawOrigin(serve(number)));
  return {
    ports: origins.map(({ port }) => port),
    asked: () => asked,
    async waitFor(count) {
      while (asked.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async close() {
      for (const origin of origins) await origin.close();
    },
  };
}

function textOf({ status, reason, fields, body }: CaseAnswer, isBodiless: boolean): Buffer {
  const isGzip = fields.some(([name, value]) => /^content-encoding$/i.test(name) && value === 'gzip');
  const plain = Buffer.from(body, 'latin1');
  const bytes = isGzip ? gzipSync(plain) : plain;
  const { fields: own, isNamed } = without(fields, 'Content-Length');
  const isChunked = own.some(([name]) => /^transfer-encoding$/i.test(name));
  const needsLength = !isNamed && !isChunked && status !== 304 && status !== 204;
  const lines = own.map(([name, value]) => `${name}: ${value}\r\n`);
  if (needsLength) lines.push(`Content-Length: ${bytes.length}\r\n`);
  const head = Buffer.from(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`, 'latin1');
  if (isBodiless) return head;
  if (!isChunked) return Buffer.concat([head, bytes]);
  const chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  return Buffer.concat([head, bytes.length === 0 ? Buffer.alloc(0) : chunk, Buffer.from('0\r\n\r\n')]);
}

/** The body of a request, whole, without its coding. */
async function bodyOf(head: string, connection: RawConnection): Promise<string> {
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    return connection.take((rest) => (rest.length >= Number(length) ? Number(length) : undefined));
  }
  if (!/^transfer-encoding: *chunked/im.test(head)) return '';
  const coded = await connection.take((rest) => {
    const end = rest.indexOf('0\r\n\r\n');
    return end < 0 ? undefined : end + 5;
  });
  return coded.replace(/[0-9a-f]+\r\n([\s\S]*?)\r\n/gi, '$1').replace(/\r\n$/, '');
}
