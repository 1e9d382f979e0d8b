/** `synth()`: an answer without a backend, as a hook returns it. VCL: `return (synth(404, "Not found"))`. */
import type { Synth } from './hooks.ts';

/** @param reason default: the status's registered phrase */
export function synth(status: number, reason?: string): Synth {
  return { synth: status, reason };
}
