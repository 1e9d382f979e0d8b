/** `start`, `stop`, `status`, `pid`: whether requests are served. Here one process is both master and worker. */
import type { CliCommand } from '../cli-command.ts';
import { cannot, reply } from '../cli-reply.ts';
import type { CliStage } from '../cli-stage.ts';
import { jsonReply } from '../json-reply.ts';

function stateOf({ operated }: CliStage): string {
  return operated.isServing ? 'running' : 'stopped';
}

export const servingCommands: readonly CliCommand[] = [
  {
    name: 'start',
    syntax: 'start',
    help: 'Start the Varnish cache process.',
    least: 0,
    most: 0,
    async run({ stage }) {
      const { operated } = stage;
      if (operated.isServing) return cannot(`Child in state ${stateOf(stage)}`);
      await operated.startServing();
      return reply('');
    },
  },
  {
    name: 'stop',
    syntax: 'stop',
    help: 'Stop the Varnish cache process.',
    least: 0,
    most: 0,
    async run({ stage }) {
      const { operated } = stage;
      if (!operated.isServing) return cannot(`Child in state ${stateOf(stage)}`);
      await operated.stopServing();
      return reply('');
    },
  },
  {
    name: 'status',
    syntax: 'status [-j]',
    help: 'Check status of Varnish cache process.',
    least: 0,
    most: 0,
    run: ({ stage }) => reply(`Child in state ${stateOf(stage)}`),
    json: ({ stage, words }) => jsonReply(2, words, secondsNow(stage), [JSON.stringify(stateOf(stage))]),
  },
  {
    name: 'pid',
    syntax: 'pid [-j]',
    help: "Show the pid of the master process, and the worker if it's running.",
    least: 0,
    most: 0,
    run({ stage }) {
      const master = `Master: ${String(process.pid).padStart(10)}\n`;
      return reply(
        stage.operated.isServing ? `${master}Worker: ${String(process.pid).padStart(10)}\n` : master,
      );
    },
    json({ stage, words }) {
      const worker = stage.operated.isServing ? `, "worker": ${process.pid}` : '';
      return jsonReply(2, words, secondsNow(stage), [`{"master": ${process.pid}${worker}}`]);
    },
  },
];

/** Seconds since 1970. */
export function secondsNow({ operated }: CliStage): number {
  return operated.clock.wallNow() / 1_000;
}
