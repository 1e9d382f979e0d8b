/** Loads a VCL file: reads it, checks it, compiles it. */
import { lookup } from 'node:dns/promises';
import { checkConfig } from '../config/check-config.ts';
import { combined } from '../config/combined-error.ts';
import type { Config } from '../config/config.ts';
import { buildVclConfig } from './build-vcl-config.ts';
import { aclHosts, check, type HostAddresses } from './checker.ts';
import { Mistakes } from './mistake.ts';
import { parse } from './parser.ts';
import { readText, readTokens } from './read-tokens.ts';
import { VclSource } from './source.ts';
import type { Declaration } from './syntax.ts';
import type { Token } from './token.ts';
import { knownVmods } from './vmods/known-vmods.ts';

/**
 * @param file absolute path
 * @throws TroupeError `config.syntax`, `config.invalid`; of several mistakes, see combined-error.ts
 */
export async function loadVclFile(file: string): Promise<Config> {
  const mistakes = new Mistakes();
  const tokens =
    mistakes.guard('lexing', () => readTokens(new VclSource(file, readText(file)), readText)) ?? [];
  const order = new Map(tokens.map((token, index) => [token, index]));
  throwAny(mistakes, order);
  const declarations = parse(tokens, mistakes);
  const program = check(declarations, knownVmods, await addressesOf(declarations), mistakes);
  throwAny(mistakes, order);
  const config = buildVclConfig(program, file);
  const { errors } = checkConfig(config);
  if (errors.length > 0) throw combined(errors);
  return config;
}

function throwAny(mistakes: Mistakes, order: ReadonlyMap<Token, number>): void {
  if (!mistakes.isEmpty) throw combined(mistakes.errors(order));
}

/** Names in ACLs are resolved once, when a config is loaded. */
async function addressesOf(declarations: readonly Declaration[]): Promise<HostAddresses> {
  const found = new Map<string, readonly string[]>();
  for (const host of aclHosts(declarations)) {
    try {
      const addresses = await lookup(host, { all: true });
      found.set(
        host,
        addresses.map(({ address }) => address),
      );
    } catch {
      // An entry whose name means nothing is told of, or ignored, where it stands.
    }
  }
  return found;
}
