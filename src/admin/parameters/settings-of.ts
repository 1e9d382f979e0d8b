/** Which setting of the proxy each parameter is. */
import type { ProxySettings } from '../../proxy-settings.ts';
import type { ParameterSet } from './parameter-set.ts';

const MS_PER_S = 1_000;

/** Those that were set; the others are undefined. */
export function settingsOf(parameters: ParameterSet): ProxySettings {
  const count = (name: string) => parameters.numberIfSet(name);
  const ms = (name: string) => {
    const seconds = parameters.numberIfSet(name);
    return seconds === undefined ? undefined : seconds * MS_PER_S;
  };
  return {
    cooldownMs: ms('vcl_cooldown'),
    requests: {
      maxRestarts: count('max_restarts'),
      maxRetries: count('max_retries'),
      pipeTimeoutMs: ms('pipe_timeout'),
      mostPipes: count('pipe_sess_max'),
      abandonedFetchTimeoutMs: ms('abandoned_fetch_timeout'),
      mostEvictions: count('nuke_limit'),
    },
    bans: {
      dropsEqual: parameters.isSet('ban_dups') ? parameters.value('ban_dups') === true : undefined,
      lurkerAgeMs: ms('ban_lurker_age'),
      lurkerBatch: count('ban_lurker_batch'),
      lurkerSleepMs: ms('ban_lurker_sleep'),
      cutoff: count('ban_cutoff'),
    },
    cache: { ttl: ms('default_ttl'), grace: ms('default_grace'), keep: ms('default_keep') },
    listener: {
      idleTimeoutMs: ms('timeout_idle'),
      sendTimeoutMs: ms('send_timeout'),
      idleSendTimeoutMs: ms('idle_send_timeout'),
      headBytes: count('http_req_size'),
      fieldBytes: count('http_req_hdr_len'),
      targetBytes: count('http_req_size'),
      fieldCount: count('http_max_hdr'),
    },
    vcl: {
      saintmodeThreshold: count('saintmode_threshold'),
      folders: parameters.isSet('vcl_path') ? parameters.shown('vcl_path').split(':') : undefined,
      refusesUnused: parameters.value('vcc_err_unref') === true,
      allowsPaths: parameters.value('vcc_unsafe_path') === true,
    },
    fetch: {
      connectTimeoutMs: ms('connect_timeout'),
      firstByteTimeoutMs: ms('first_byte_timeout'),
      betweenBytesTimeoutMs: ms('between_bytes_timeout'),
    },
  };
}
