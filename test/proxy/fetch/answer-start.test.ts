import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { AnswerStart } from '../../../src/proxy/fetch/answer-start.ts';

/** Feeds pieces until an outcome: what the parser would get (with all that follows), or the mistake. */
function feed(pieces: readonly string[]): { given: string; mistake: string | undefined; isHttp10: boolean } {
  const start = new AnswerStart();
  start.begin(false);
  let given = '';
  let hasStarted = false;
  for (const piece of pieces) {
    if (hasStarted) {
      given += piece;
      continue;
    }
    const outcome = start.admit(Buffer.from(piece, 'latin1'));
    if (typeof outcome === 'string') return { given: '', mistake: outcome, isHttp10: start.isHttp10 };
    if (outcome === undefined) continue;
    hasStarted = true;
    given += outcome.toString('latin1');
  }
  return { given, mistake: undefined, isHttp10: start.isHttp10 };
}

const interim = fc.constantFrom(
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  'HTTP/1.0 199 \r\nX: y\r\n\r\n',
);
const final = fc.constantFrom(
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  'HTTP/1.0 404 Not Found\r\n\r\n',
  'HTTP/1.1 999 \r\n\r\n',
);
const nonsense = fc.constantFrom(
  'HTTP/0.9 200 OK\r\n',
  'HTTP/1.1 099 Low\r\n',
  'HTTP/1.1 20x No\r\n',
  'HTTP/1.1\t200 OK\r\n',
  '<html>',
  'HTTP/1.1 101 Switching Protocols\r\n',
  '\r\nHTTP/1.1 200 OK\r\n',
);

function cut(text: string, places: readonly number[]): string[] {
  const cuts = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...cuts, text.length].map((end, i) => text.slice(i === 0 ? 0 : cuts[i - 1], end));
}

const places = fc.array(fc.nat(500), { maxLength: 40 });

describe('AnswerStart', () => {
  test.prop([fc.array(interim, { maxLength: 5 }), final, places])(
    'gives the parser the final answer and nothing else, however it comes',
    (before, answer, cuts) => {
      const { given, mistake, isHttp10 } = feed(cut(before.join('') + answer, cuts));
      expect(mistake).toBeUndefined();
      expect(given).toBe(answer);
      expect(isHttp10).toBe(answer.startsWith('HTTP/1.0'));
    },
  );

  test.prop([fc.array(interim, { maxLength: 5 }), nonsense, places])(
    'gives it nothing of what is no answer, however it comes',
    (before, answer, cuts) => {
      const { given, mistake } = feed(cut(before.join('') + answer, cuts));
      expect(given).toBe('');
      expect(mistake).toBeDefined();
    },
  );

  test('begins anew with each answer', () => {
    const start = new AnswerStart();
    for (let i = 0; i < 20; i++) {
      start.begin(false);
      expect(start.admit(Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTT'))).toBeUndefined();
    }
    start.begin(false);
    expect(String(start.admit(Buffer.from('HTTP/1.1 200 OK\r\n')))).toBe('HTTP/1.1 200 OK\r\n');
  });
});
