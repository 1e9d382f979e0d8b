/**
 * fetch through a director, without any server: the director picks who is asked, steps over who is sick, and a
 * backend that hangs up is followed by another. The URL's host is only what the backends see as Host.
 *
 *   node examples/embedding/fetch-through-director.mjs
 */
import { backend, createProxy, defineConfig, roundRobin, saintmode } from 'troupe';
import { startOrigin } from './origins.mjs';

const origins = [await startOrigin('anna'), await startOrigin('bert')];
const [anna, bert] = origins.map(({ port }) => backend({ host: '127.0.0.1', port }));
const [saintAnna, saintBert] = [anna, bert].map((one) => saintmode(one, { threshold: 10 }));

const proxy = createProxy(
  defineConfig({
    backends: { anna, bert },
    directors: { users: roundRobin([saintAnna, saintBert]), saintAnna, saintBert },

    // Of the hooks, those about backends run.
    backendResponse({ beresp, deny }) {
      if (beresp.status < 500) return 'deliver';
      deny('20s');
      return 'retry';
    },
  }),
);

const dispatcher = proxy.dispatcher('users');

async function ask(path) {
  const response = await fetch(`http://users.internal${path}`, { dispatcher });
  return (await response.text()).trim();
}

console.log(await ask('/1'));
console.log(await ask('/2'));

console.log('anna goes away:');
origins[0].close();
console.log(await ask('/3'));
console.log(await ask('/4'));

console.log('bert goes away, too:');
origins[1].close();
try {
  console.log(await ask('/5'));
} catch (error) {
  // What fetch always throws; its cause says what failed, and with whom.
  console.log(`${error.message}: ${error.cause.code}: ${error.cause.message}`);
}

await proxy.close();
