/**
 * The numbers that varnishd's random director draws after `debug.srandom SEED`: BSD random(3) with a state
 * of 31 words (x^31 + x^3 + 1), as a share of 2^31. With them, even random picks can be compared one by one.
 */
export function varnishRandom(seed: number): () => number {
  const state = new Uint32Array(31);
  state[0] = seed;
  for (let i = 1; i < state.length; i++) state[i] = parkMiller(state[i - 1] as number);
  let front = 3;
  let rear = 0;

  function draw(): number {
    const sum = ((state[front] as number) + (state[rear] as number)) >>> 0;
    state[front] = sum;
    front = (front + 1) % state.length;
    rear = (rear + 1) % state.length;
    return (sum >>> 1) / 2 ** 31;
  }

  for (let i = 0; i < 10 * state.length; i++) draw();
  return draw;
}

/** x → 16807 x mod (2^31 - 1), moved to start from 0. */
function parkMiller(x: number): number {
  return ((16_807 * ((x % 0x7fff_fffe) + 1)) % 0x7fff_ffff) - 1;
}
