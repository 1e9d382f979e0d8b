/** Tells about a backend that could not be used, or did not keep what it had promised. */
import type { TroupeError } from '../../errors.ts';
import type { BackendTarget } from '../directors/target.ts';
import type { HookOwner } from './contexts.ts';
import type { BackendMessage } from './messages.ts';
import { storyOf } from './request-story.ts';

/** @param target who was asked; undefined if nobody could be */
export function tellFailure(
  owner: HookOwner,
  bereq: BackendMessage,
  target: BackendTarget | undefined,
  error: TroupeError,
): void {
  storyOf(owner)?.fail(error);
  const { environment, loaded, req, exchange } = owner;
  environment.log?.failure?.({
    config: loaded.key,
    xid: req.xid,
    error,
    identity: target?.identity,
    client: exchange.client.address,
    method: bereq.method,
    url: bereq.url,
    restarts: req.restarts,
    retries: bereq.retries,
  });
}
