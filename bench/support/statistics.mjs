/** The few statistics that benchmarks report. */

/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/** How far the values lie apart, as a share of their median. */
export function spread(values) {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
