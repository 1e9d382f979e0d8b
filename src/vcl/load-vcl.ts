/** Loads a VCL file: reads it, checks it, compiles it. */
import { lookup } from 'node:dns/promises';
import { isAbsolute } from 'node:path';
import { checkConfig } from '../config/check-config.ts';
import { combined } from '../config/combined-error.ts';
import type { Config } from '../config/config.ts';
import { buildVclConfig } from './build-vcl-config.ts';
import { builtinVcl } from './builtin-vcl.ts';
import { aclHosts, type CheckedProgram, check, type HostAddresses } from './checker.ts';
import { vmodsWith } from './load-vmod.ts';
import { Mistakes } from './mistake.ts';
import { parse } from './parser.ts';
import { printProgram } from './printer.ts';
import { readText, readTokens } from './read-tokens.ts';
import { VclSource } from './source.ts';
import type { Declaration } from './syntax.ts';
import type { Token } from './token.ts';
import { dialectOf } from './v3/dialect.ts';
import { translateOld } from './v3/translate.ts';
import type { Vmod } from './vmod.ts';

export interface VclOptions {
  /** Objects on its saint list that make a backend of a Varnish 3 program sick. Default: 10, as in Varnish 3. */
  readonly saintmodeThreshold?: number | undefined;
  /** Folders in which files are looked for that are included by their names. Default: varnishd's vcl_path. */
  readonly folders?: readonly string[] | undefined;
  /** Whether names of included files may have a slash in them; varnishd's vcc_unsafe_path. Default: true. */
  readonly allowsPaths?: boolean | undefined;
  /** Vmods besides those that come with Troupe: modules that export them, or what defineVmod() returned. */
  readonly vmods?: readonly (string | Vmod)[] | undefined;
  /** Whether what is declared must be used; varnishd's vcc_err_unref. Default: true. */
  readonly refusesUnused?: boolean | undefined;
  /** Labels that requests can be handed over to, by `return (vcl(label))`. */
  readonly labels?: ReadonlySet<string> | undefined;
  /** Names of storages of the cache, for `storage.NAME`. Default: any name. */
  readonly storages?: ReadonlySet<string> | undefined;
}

/** varnishd(1) of 3.0, saintmode_threshold. */
const DEFAULT_SAINTMODE_THRESHOLD = 10;

/**
 * @param file absolute path
 * @throws TroupeError `config.syntax`, `config.invalid`; of several mistakes, see combined-error.ts
 */
export async function loadVclFile(file: string, options: VclOptions = {}): Promise<Config> {
  return configOf(await readProgram(new VclSource(file, readText(file)), options), file);
}

/**
 * Loads a VCL program that comes in one piece.
 *
 * @param name its file, an absolute path; or what stands for one in errors: `<vcl.inline>`
 * @param text one character for each byte
 * @throws TroupeError as loadVclFile
 */
export async function loadVclText(name: string, text: string, options: VclOptions = {}): Promise<Config> {
  const program = await readProgram(new VclSource(name, text), options);
  return configOf(program, isAbsolute(name) ? name : undefined);
}

function configOf({ program, tokens }: ReadProgram, file: string | undefined): Config {
  const config = buildVclConfig(program, file);
  const { errors } = checkConfig(config);
  if (errors.length > 0) throw combined(errors);
  const sources = [...new Set([...tokens.slice(-1), ...tokens].map(({ source }) => source)), builtinVcl];
  return {
    ...config,
    ...(program.labels.length > 0 && { labels: program.labels }),
    sources: sources.map(({ file: name, text }) => ({ name, text: asText(text) })),
  };
}

function asText(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/**
 * A program as one in VCL 4.1: one of Varnish 3, of VCL 4.0, or one of 4.1 in the shape that all have.
 *
 * @param file absolute path
 * @returns its text
 * @throws TroupeError as loadVclFile
 */
export async function upgradeVclFile(file: string, options: VclOptions = {}): Promise<string> {
  const source = new VclSource(file, readText(file));
  const { declarations, tokens, order } = await readProgram(source, { ...options, isUpgrade: true });
  // Paths lead to the vmods of whatever ran it until now.
  const placed = declarations.map((one) => (one.kind === 'import' ? { ...one, path: undefined } : one));
  return Buffer.from(printProgram(placed, tokens, order), 'latin1').toString('utf8');
}

interface ReadProgram {
  readonly tokens: readonly Token[];
  /** Where each token stands. */
  readonly order: ReadonlyMap<Token, number>;
  readonly declarations: readonly Declaration[];
  readonly program: CheckedProgram;
}

/** @throws TroupeError as loadVclFile */
async function readProgram(
  source: VclSource,
  options: VclOptions & { readonly isUpgrade?: boolean },
): Promise<ReadProgram> {
  const mistakes = new Mistakes();
  const tokens = mistakes.guard('lexing', () => readTokens(source, { ...options, read: readText })) ?? [];
  const order = new Map(tokens.map((token, index) => [token, index]));
  throwAny(mistakes, order);
  const dialect = mistakes.guard('reading', () => dialectOf(tokens));
  throwAny(mistakes, order);
  let declarations: readonly Declaration[];
  if (dialect?.name === '3') {
    const { saintmodeThreshold = DEFAULT_SAINTMODE_THRESHOLD } = options;
    declarations = translateOld(tokens, order, { saintmodeThreshold }, mistakes);
  } else {
    declarations = parse(tokens, mistakes);
    const [first] = tokens;
    const isImplied = dialect?.name === '4' && !dialect.hasVersion;
    if (first !== undefined && (isImplied || (options.isUpgrade && declarations[0]?.kind === 'version'))) {
      const others = declarations.filter(({ kind }) => kind !== 'version');
      declarations = [newestVersion(first, declarations[0]), ...others];
    }
  }
  const vmods = await vmodsWith(options.vmods ?? []);
  const program = check(declarations, vmods, await addressesOf(declarations), mistakes, options);
  throwAny(mistakes, order);
  return { tokens, order, declarations, program };
}

/** `vcl 4.1;`, where it is written, or at the beginning of a program without it. */
function newestVersion(at: Token, written: Declaration | undefined): Declaration {
  const version: Token = { ...at, kind: 'FNUM', text: '4.1' };
  return { kind: 'version', first: written?.kind === 'version' ? written.first : { ...at }, version };
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
