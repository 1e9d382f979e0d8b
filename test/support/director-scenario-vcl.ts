/**
 * Director scenarios and hash tables as varnishd plays them. Nothing listens where the backends point to:
 * each fetch fails at once, and vcl_backend_error tells which backend the director had picked.
 */
import { Buffer } from 'node:buffer';
import type { DirectorDeclaration } from '../../src/config/declaration.ts';
import type { Scenario } from './director-scenario.ts';
import { type HashTable, keyPrefixes, keySuffixes } from './hash-table.ts';
import { startVarnishd, type Varnishd } from './varnishd.ts';

/** A varnishd that can play these. */
export function startScenarioVarnishd(
  scenarios: readonly Scenario[],
  tables: readonly HashTable[],
): Promise<Varnishd> {
  return startVarnishd({
    vcl: toVcl(scenarios, tables),
    params: { vcc_err_unref: 'off', workspace_client: '1M' },
  });
}

function toVcl(scenarios: readonly Scenario[], tables: readonly HashTable[]): string {
  const backends = [
    ...scenarios.flatMap((scenario) => scenario.backends),
    ...tables.flatMap((table) => table.members.map((member) => member.backend)),
  ];
  const hashes: DirectorDeclaration[] = tables.map((table) => ({
    name: table.name,
    policy: { kind: 'hash' },
    members: table.members.map(({ backend, weight }) => ({ target: backend, weight })),
  }));
  const directors = [...scenarios.flatMap((scenario) => scenario.directors), ...hashes];
  const isDirector = new Set(directors.map((director) => director.name));
  const kinds = new Map(directors.map((director) => [director.name, director.policy.kind]));

  const asBackend = (target: string) => (isDirector.has(target) ? `${target}.backend()` : target);
  const add = (director: string, target: string, weight: number) => {
    const isWeighted = kinds.get(director) === 'random' || kinds.get(director) === 'hash';
    return `${director}.add_backend(${asBackend(target)}${isWeighted ? `, ${weight.toFixed(3)}` : ''});`;
  };

  const steps = scenarios.flatMap((scenario) => scenario.steps);
  const operations = steps.flatMap((step, i) => {
    if (step.type === 'add') return [[i, add(step.director, step.target, step.weight)] as const];
    if (step.type === 'remove') {
      return [[i, `${step.director}.remove_backend(${asBackend(step.target)});`] as const];
    }
    return [];
  });
  const lookups = (name: string) =>
    keySuffixes.map((suffix) => `${name}.backend(req.http.prefix + "${suffix}")`).join(' + "," + ');

  return `vcl 4.1;
import directors;
${backends.map((name) => `backend ${name} { .host = "127.0.0.1"; .port = "1"; }`).join('\n')}
sub vcl_init {
${directors.map(declareDirector).join('\n')}
${directors.flatMap(({ name, members }) => members.map((m) => add(name, m.target, m.weight))).join('\n')}
}
sub vcl_recv {
${scenarios
  .flatMap((scenario) => scenario.directors)
  .map(
    ({ name }) =>
      `if (req.url == "/pick/${name}") { set req.backend_hint = ${name}.backend(); return (pass); }`,
  )
  .join('\n')}
${operations.map(([i, call]) => `if (req.url == "/step/${i}") { ${call} return (synth(200)); }`).join('\n')}
return (synth(200));
}
sub vcl_synth {
${tables.map(({ name }) => `if (req.url == "/hash/${name}") { synthetic("" + ${lookups(name)}); }`).join('\n')}
return (deliver);
}
sub vcl_backend_error { set beresp.http.picked = beresp.backend; return (deliver); }
`;
}

function declareDirector({ name, policy }: DirectorDeclaration): string {
  const sticky = policy.kind === 'fallback' && policy.sticky ? 'sticky = true' : '';
  return `new ${name} = directors.${policy.kind}(${sticky});`;
}

/** What varnishd picks in each scenario, in order: names of backends, '' for none. */
export async function playOnVarnishd(
  varnishd: Varnishd,
  scenarios: readonly Scenario[],
): Promise<string[][]> {
  const played: string[][] = [];
  let number = 0;
  for (const { seed, steps } of scenarios) {
    const picks: string[] = [];
    await varnishd.adm('debug.srandom', String(seed));
    for (const step of steps) {
      if (step.type === 'health') await setHealth(varnishd, step.backend, step.healthy);
      else if (step.type === 'pick') {
        for (let i = 0; i < step.times; i++) {
          const { headers } = await varnishd.get(`/pick/${step.director}`);
          const { picked = '' } = headers;
          picks.push(String(picked));
        }
      } else await varnishd.get(`/step/${number}`);
      number++;
    }
    played.push(picks);
  }
  return played;
}

/** Which member varnishd's hash director picks for each key: positions in the list, 255 for none. */
export async function hashOnVarnishd(varnishd: Varnishd, table: HashTable): Promise<Buffer> {
  for (const member of table.members) {
    if (!member.healthy) await setHealth(varnishd, member.backend, false);
  }
  const picks: number[] = [];
  for (const prefix of keyPrefixes) {
    const { body } = await varnishd.get(`/hash/${table.name}`, prefix === '' ? {} : { prefix });
    for (const name of body.split(',')) {
      picks.push(name === '' ? 255 : table.members.findIndex(({ backend }) => backend === name));
    }
  }
  return Buffer.from(picks);
}

async function setHealth(varnishd: Varnishd, backend: string, healthy: boolean): Promise<void> {
  await varnishd.adm('backend.set_health', `boot.${backend}`, healthy ? 'healthy' : 'sick');
}
