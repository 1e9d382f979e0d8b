/** vmod peer: vmod_peer's functions. All of a program are about one peer, as all of a varnishd were. */
import { peerDefaults } from '../../config/declaration.ts';
import { currentScope } from '../../config/hook-scope.ts';
import type { PeerControl } from '../../config/peer-control.ts';
import { byName, fn, type VclContext, type Vmod } from '../vmod.ts';

/** No name that a program could give to anything. */
const NAME = 'peer';

function control(call: string): PeerControl {
  return currentScope(`peer.${call}`).peer(NAME);
}

function queue({ req, bereq, log }: VclContext, body?: string): void {
  const request = req ?? bereq;
  if (request === undefined) log('peer.queue_req() is called where there is no request');
  else control('queue_req').queue(request, body === undefined ? undefined : Buffer.from(body, 'latin1'));
}

export const peer: Vmod = {
  name: 'peer',
  peers: [
    {
      name: NAME,
      destination: undefined,
      minThreads: peerDefaults.minThreads,
      maxThreads: peerDefaults.maxThreads,
      timeoutMs: peerDefaults.timeoutMs,
      connectTimeoutMs: peerDefaults.connectTimeoutMs,
      maxQueue: peerDefaults.maxQueue,
      whenFull: peerDefaults.whenFull,
      retries: peerDefaults.retries,
    },
  ],
  objects: {},
  functions: byName([
    fn('VOID set(STRING host, INT port)', (_context, host: string | undefined, port: number) =>
      control('set').set(host ?? '', port),
    ),
    fn('VOID set_threads(INT min, INT max)', (_context, min: number, max: number) =>
      control('set_threads').setThreads(min, max),
    ),
    fn('VOID set_timeout(INT ms)', (_context, ms: number) => control('set_timeout').setTimeout(ms)),
    fn('VOID set_connect_timeout(INT ms)', (_context, ms: number) =>
      control('set_connect_timeout').setConnectTimeout(ms),
    ),
    fn('VOID set_thread_maxq(INT length)', (_context, length: number) =>
      control('set_thread_maxq').setMaxQueue(length),
    ),
    fn('VOID queue_req()', (context) => queue(context)),
    fn('VOID queue_req_body(STRANDS body)', (context, body: string) => queue(context, body)),
    fn('VOID enqueue_req()', (context) => queue(context)),
    fn('VOID enqueue_req_body(STRANDS body)', (context, body: string) => queue(context, body)),
    // Nothing that one request does can get in between what another one does.
    fn('VOID lock()', () => {}),
    fn('VOID unlock()', () => {}),
    fn('INT threads()', () => control('threads').threads),
    fn('INT pending()', () => control('pending').pending),
    fn('INT min_threads()', () => control('min_threads').minThreads),
    fn('INT max_threads()', () => control('max_threads').maxThreads),
  ]),
};
