/** Changes to a message that somebody might make, by mistake or to do harm. */
import { fc } from '@fast-check/vitest';

type Mutation =
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'remove' | 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'replace'; readonly at: number; readonly byte: number };

/** @param fragment text that is likely to do harm where it is put */
export function mutationOf(fragment: fc.Arbitrary<string>): fc.Arbitrary<Mutation> {
  return fc.oneof(
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), text: fragment }),
    fc.record({
      kind: fc.constantFrom('remove' as const, 'repeat' as const),
      at: fc.nat(),
      length: fc.nat(20),
    }),
    fc.record({ kind: fc.constant('replace' as const), at: fc.nat(), byte: fc.nat(255) }),
  );
}

export function mutated(bytes: string, one: Mutation): string {
  const at = one.at % (bytes.length + 1);
  switch (one.kind) {
    case 'insert':
      return bytes.slice(0, at) + one.text + bytes.slice(at);
    case 'remove':
      return bytes.slice(0, at) + bytes.slice(at + one.length);
    case 'repeat':
      return bytes.slice(0, at + one.length) + bytes.slice(at);
    case 'replace':
      return bytes.slice(0, at) + String.fromCharCode(one.byte) + bytes.slice(at + 1);
    default:
      return one satisfies never;
  }
}
