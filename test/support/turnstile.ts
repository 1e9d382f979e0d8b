/** A machine that everybody knows: it lets one person pass for 100 cents, and locks again after 5 s. */
import fc from 'fast-check';
import { assign, emit, setup } from 'xstate';

type TurnstileEvent =
  | { readonly type: 'coin.inserted'; readonly cents: number }
  | { readonly type: 'arm.pushed' }
  | { readonly type: 'coin.returned' };

export const turnstile = setup({
  types: {
    context: {} as { readonly credit: number; readonly paid: number; readonly passed: number },
    events: {} as TurnstileEvent,
    emitted: {} as { type: 'passed' },
  },
  delays: { patience: 5_000 },
  guards: {
    isEnough: ({ context, event }) => event.type === 'coin.inserted' && context.credit + event.cents >= 100,
  },
  actions: {
    take: assign(({ context, event }) =>
      event.type === 'coin.inserted'
        ? { credit: context.credit + event.cents, paid: context.paid + event.cents }
        : {},
    ),
    charge: assign(({ context }) => ({ credit: context.credit - 100, passed: context.passed + 1 })),
    forfeit: assign({ credit: 0 }),
  },
}).createMachine({
  id: 'turnstile',
  context: { credit: 0, paid: 0, passed: 0 },
  initial: 'locked',
  states: {
    locked: {
      on: {
        'coin.inserted': [{ guard: 'isEnough', target: 'unlocked', actions: 'take' }, { actions: 'take' }],
        'coin.returned': { actions: 'forfeit' },
      },
    },
    unlocked: {
      after: { patience: { target: 'locked', actions: 'forfeit' } },
      on: {
        'coin.inserted': { actions: 'take' },
        'arm.pushed': { target: 'locked', actions: ['charge', emit({ type: 'passed' })] },
      },
    },
  },
});

export const coins = { 'coin.inserted': fc.record({ cents: fc.constantFrom(10, 50, 100, 200) }) };
