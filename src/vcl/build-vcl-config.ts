/**
 * From a VCL program to the internal Config: what TypeScript configs become, too.
 */
import { dirname } from 'node:path';
import type { Config, ConfigOrigin } from '../config/config.ts';
import type {
  BackendDeclaration,
  DirectorDeclaration,
  PeerDeclaration,
  SaintmodeDeclaration,
} from '../config/declaration.ts';
import type { Hooks } from '../config/hooks.ts';
import { withProxyHeader } from '../config/with-proxy-header.ts';
import type { Place } from '../errors.ts';
import type { CheckedProgram } from './checker.ts';
import { type CompiledSub, compile } from './compiler.ts';
import { methods } from './methods.ts';
import { placeOf } from './mistake.ts';
import { vclWarnings } from './vcl-warnings.ts';
import type { ProgramFacts, VclContext } from './vmod.ts';

/** @param file absolute path of the program; undefined: it comes from none */
export function buildVclConfig(program: CheckedProgram, file: string | undefined): Config {
  const directors: DirectorDeclaration[] = [];
  const saintmodes: SaintmodeDeclaration[] = [];
  const peers: PeerDeclaration[] = [];
  for (const { director, saintmode, defined } of program.instances.values()) {
    const place = placeOf(defined);
    if (director !== undefined) directors.push({ ...director, place });
    if (saintmode !== undefined) saintmodes.push({ ...saintmode, place });
  }
  for (const vmod of program.vmods) peers.push(...(vmod.peers ?? []));
  const { defaultBackend, nones } = program;
  const declared = [...directors, ...saintmodes, ...program.backends.map(({ declaration }) => declaration)];
  const targets = new Set(declared.map((one: { readonly name: string }) => one.name));
  return {
    backends: program.backends.map(({ declaration, probe }) => withProbe(declaration, probe, program)),
    directors,
    saintmodes,
    peers,
    defaultTarget: defaultBackend === undefined || nones.has(defaultBackend) ? undefined : defaultBackend,
    cache: { rules: 'varnish' },
    manners: 'varnish',
    hooks: hooksOf(program, { version: program.version, folder: file && dirname(file), targets, saintmodes }),
    file,
    origin: originOf(program),
  };
}

function withProbe(
  declaration: Omit<BackendDeclaration, 'probe'>,
  probe: CheckedProgram['backends'][number]['probe'],
  { probes }: CheckedProgram,
): BackendDeclaration {
  const found = typeof probe === 'string' ? probes.get(probe) : (probe ?? probes.get('default'));
  return { ...declaration, ...withProxyHeader(found, declaration.proxyHeader) };
}

/** Methods whose built-in part does what happens without a hook. */
const doNothing = new Set([
  'vcl_pipe',
  'vcl_pass',
  'vcl_hash',
  'vcl_hit',
  'vcl_miss',
  'vcl_deliver',
  'vcl_fini',
]);

function hooksOf(program: CheckedProgram, facts: Omit<ProgramFacts, 'beforeRequest'>): Hooks {
  const before = new Set<(context: VclContext) => void>();
  const subs = compile(program, { ...facts, beforeRequest: (prepare) => before.add(prepare) });
  const after = program.vmods.flatMap(({ afterHook }) => (afterHook === undefined ? [] : [afterHook]));
  const hooks: Record<string, unknown> = {};
  for (const { name, hook } of methods) {
    const sub = subs.get(name);
    if (sub === undefined || (doNothing.has(name) && isBuiltinOnly(name, program))) continue;
    hooks[hook] = preparedBy([...before], name, hookOf(name, sub, after));
  }
  return hooks;
}

function isBuiltinOnly(name: string, { subs }: CheckedProgram): boolean {
  const builtin = subs.get(name.replace(/^vcl_/, 'vcl_builtin_'));
  const definitions = [...(subs.get(name)?.definitions ?? []), ...(builtin?.definitions ?? [])];
  return definitions.every(({ first }) => first.source.file === '<builtin>');
}

function preparedBy(
  before: readonly ((context: VclContext) => void)[],
  name: string,
  hook: CompiledSub,
): CompiledSub {
  if (before.length === 0 || (name !== 'vcl_recv' && name !== 'vcl_backend_fetch')) return hook;
  return (context) => {
    for (const prepare of before) prepare(context);
    return hook(context);
  };
}

const nothing = new Uint8Array(0);

function hookOf(name: string, sub: CompiledSub, after: readonly (() => void)[]): CompiledSub {
  let hook = sub;
  if (name === 'vcl_init' || name === 'vcl_fini') {
    hook = (context) => {
      const action = sub(context);
      return action === 'ok' ? undefined : action;
    };
  } else if (name === 'vcl_synth' || name === 'vcl_backend_error') {
    // A body is what the program makes, and nothing if it makes none.
    hook = (context: VclContext) => {
      const response = (context.resp ?? context.beresp) as { body?: Uint8Array } | undefined;
      if (response !== undefined) response.body = nothing;
      return sub(context);
    };
  }
  if (after.length === 0) return hook;
  const inner = hook;
  return (context) => {
    const action = inner(context);
    for (const finish of after) finish();
    return action;
  };
}

function originOf(program: CheckedProgram): ConfigOrigin {
  const { backends, subs, instances } = program;
  const byName = new Map(backends.map((backend) => [backend.declaration.name, backend]));
  const place = (name: string): Place | undefined => {
    const instance = instances.get(name);
    return byName.get(name)?.declaration.place ?? (instance && placeOf(instance.defined));
  };
  return {
    mistakes: [],
    get warnings() {
      return vclWarnings(program);
    },
    hook(hook) {
      const method = methods.find((one) => one.hook === hook);
      const first = method && subs.get(method.name)?.definitions[0]?.first;
      return first === undefined || first.source.file === '<builtin>' ? undefined : placeOf(first);
    },
    option: (declaration, path) => byName.get(declaration)?.places.get(path.join('.')) ?? place(declaration),
    thrown: () => undefined,
  };
}
