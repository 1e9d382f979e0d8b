/** Opens the command line of `troupe run`, and lets varnishadm find it. */
import type { ParameterSet } from '../admin/parameters/parameter-set.ts';
import { TroupeError } from '../errors.ts';
import type { TroupeProxy } from '../troupe-proxy.ts';
import { type CommandLinePlan, placesOf } from './command-line-address.ts';
import { formatAddress } from './format-address.ts';
import { openWorkFolder, type WorkFolder } from './work-folder.ts';

export interface OpenedCommandLine {
  /** Where it is, for people. */
  readonly title: string;
  /** Takes the files away; the port closes with the proxy. */
  close(): void;
}

/** @throws TroupeError `troupe.listen-failed` */
export async function openCommandLine(
  proxy: TroupeProxy,
  plan: CommandLinePlan,
  parameters: ParameterSet,
): Promise<OpenedCommandLine> {
  const folder = workFolder(plan.folder);
  try {
    const secretFile = plan.secretFile === 'none' ? undefined : (plan.secretFile ?? folder.secretFile());
    const port = await proxy.commandLine({
      where: await placesOf(plan),
      secretFile,
      parameters,
    });
    folder.announce(port.addresses, secretFile);
    const places = port.addresses.map((address) => formatAddress(address)).join(', ');
    const trust = secretFile === undefined ? ', without a secret: whoever reaches it commands' : '';
    return { title: `${places} (varnishadm -n ${folder.path})${trust}`, close: () => folder.remove() };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

function workFolder(name: string | undefined): WorkFolder {
  try {
    return openWorkFolder(name);
  } catch (cause) {
    const { message } = cause as Error;
    const text = `the working directory cannot be used: ${message}`;
    throw new TroupeError('troupe.listen-failed', text, {
      side: 'troupe',
      cause,
      advice: 'Name another one with -n.',
    });
  }
}
