import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { ResponseBody } from '../../../src/proxy/http/exchange.ts';
import { RangedBody } from '../../../src/proxy/request/ranged-body.ts';

class Sink implements ResponseBody {
  onDrain: (() => void) | undefined;
  text = '';
  end_: 'open' | 'ended' | 'cut' = 'open';

  write(chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk).toString('latin1');
    return true;
  }

  end(): void {
    this.end_ = 'ended';
  }

  cut(): void {
    this.end_ = 'cut';
  }
}

test.prop([
  fc.array(fc.string({ maxLength: 5, unit: 'binary-ascii' }), { maxLength: 8 }),
  fc.nat(20),
  fc.nat(20),
])(
  'sends what lies in the range, however the body comes, and cuts what ends before it',
  (pieces, first, more) => {
    const sink = new Sink();
    const body = new RangedBody(sink, { first, last: first + more });
    for (const piece of pieces) body.write(Buffer.from(piece, 'latin1'));
    body.end();
    const whole = pieces.join('');
    expect(sink.text).toBe(whole.slice(first, first + more + 1));
    expect(sink.end_).toBe(whole.length > first + more ? 'ended' : 'cut');
  },
);
