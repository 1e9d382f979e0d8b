/** Troupe's command line, which collects all garbage at SIGUSR2 and then says what is left. */
import { liveBytes } from '../support/collect-garbage.mjs';

process.on('SIGUSR2', () => {
  const live = liveBytes();
  console.log(`MEMORY ${live} ${process.memoryUsage.rss()}`);
});

await import('../../dist/cli/main.js');
