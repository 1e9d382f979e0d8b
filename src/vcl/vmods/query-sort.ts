/** std.querysort(): the parameters of a URL in the order of their bytes; empty ones are left out. */
export function querySort(url: string): string {
  const start = url.indexOf('?') + 1;
  if (start === 0 || !url.includes('&', start)) return url;
  const parameters = url
    .slice(start)
    .split('&')
    .filter((parameter) => parameter !== '');
  // As long as one is the beginning of another, they count as the same, and keep their order.
  parameters.sort((a, b) => {
    const length = Math.min(a.length, b.length);
    const left = a.slice(0, length);
    const right = b.slice(0, length);
    return left < right ? -1 : Number(left > right);
  });
  return url.slice(0, start) + parameters.join('&');
}
