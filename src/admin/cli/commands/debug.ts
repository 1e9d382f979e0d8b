/** `debug.*` of varnishd, as far as test suites call it. */
import type { CliCommand } from '../cli-command.ts';
import { reply, wrong } from '../cli-reply.ts';

export const debugCommands: readonly CliCommand[] = [
  {
    name: 'debug.xid',
    syntax: 'debug.xid [<xid> [<cachesize>]]',
    help: 'Examine or set XID. <cachesize> defaults to 1.',
    least: 0,
    most: 2,
    hidden: true,
    needsWorker: true,
    run({ stage: { operated }, args: [xid] }) {
      if (xid !== undefined && !/^\d{1,15}$/.test(xid)) return wrong(`"${xid}" is no number.`);
      if (xid !== undefined) operated.setXid(Number(xid));
      return reply(`XID is ${operated.xid()} chunk 1`);
    },
  },
  {
    name: 'debug.listen_address',
    syntax: 'debug.listen_address',
    help: 'Report the actual listen address.',
    least: 0,
    most: 0,
    hidden: true,
    needsWorker: true,
    run({ stage: { operated } }) {
      return reply(
        operated
          .listenAddresses()
          .map(({ name, address, port }) => `${name} ${address} ${port}\n`)
          .join(''),
      );
    },
  },
];
