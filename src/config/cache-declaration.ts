/** What a config says of its cache. Milliseconds. */
export interface CacheDeclaration {
  /** By which rules answers are kept. Default: `rfc9111`. */
  readonly rules?: 'rfc9111' | 'varnish' | undefined;
  /** Of answers that do not say how long they are fresh. */
  readonly defaultTtlMs?: number | undefined;
  readonly defaultGraceMs?: number | undefined;
  readonly defaultKeepMs?: number | undefined;
}
