/** An address as a URL shows it: IPv6 in brackets, and a host that can be opened for "any address". */
export function formatAddress({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): string {
  if (address === '::' || address === '0.0.0.0' || address === '') return `localhost:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
