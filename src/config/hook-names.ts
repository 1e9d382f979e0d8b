/** The names of the hooks, for those who look through an object for them. */
import type { Hooks } from './hooks.ts';

/** Complete by its type. */
const each: { readonly [Name in keyof Required<Hooks>]: true } = {
  init: true,
  fini: true,
  recv: true,
  hash: true,
  pipe: true,
  pass: true,
  hit: true,
  miss: true,
  purge: true,
  backendFetch: true,
  backendResponse: true,
  backendError: true,
  deliver: true,
  synth: true,
};

export const hookNames = Object.keys(each) as readonly (keyof Hooks)[];
