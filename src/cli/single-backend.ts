/** The config that `-b` stands for: one backend named `default`, as varnishd names it, and no hooks. */
import type { Config } from '../config/config.ts';

export function singleBackendConfig(
  where: { readonly host: string; readonly port: number } | { readonly path: string },
): Config {
  const endpoint = 'path' in where ? { kind: 'unix' as const, ...where } : { kind: 'tcp' as const, ...where };
  const hostHeader = 'path' in where ? 'localhost' : where.host;
  return {
    backends: [{ name: 'default', endpoint, hostHeader, limits: {} }],
    directors: [],
    saintmodes: [],
    defaultTarget: 'default',
    hooks: {},
    file: undefined,
  };
}
