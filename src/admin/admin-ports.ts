/** The ports that operators use: dashboards and command lines, which close with the proxy, after the last request. */
import type { Commanded } from './cli/cli-stage.ts';
import type { CommandPort, CommandPortOptions } from './cli/command-port.ts';
import type { Dashboard, DashboardOptions } from './http/dashboard.ts';
import type { Operated } from './http/operated.ts';

export class AdminPorts {
  readonly #open = new Set<{ close(): Promise<void> }>();
  #isClosed = false;

  /** Who opens none pays nothing for it, not even the time to read its code. */
  async openDashboard(proxy: Operated, options: DashboardOptions): Promise<Dashboard> {
    const { openDashboard } = await import('./http/dashboard.ts');
    return this.#keep(await openDashboard(proxy, options));
  }

  async openCommandLine(proxy: Commanded, options: CommandPortOptions): Promise<CommandPort> {
    const { openCommandPort } = await import('./cli/command-port.ts');
    return this.#keep(await openCommandPort(proxy, options));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((port) => port.close()));
  }

  async #keep<Port extends { close(): Promise<void> }>(port: Port): Promise<Port> {
    if (this.#isClosed) await port.close();
    this.#open.add(port);
    return port;
  }
}
