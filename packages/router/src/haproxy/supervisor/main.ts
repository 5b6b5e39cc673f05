/** The supervisor as a process: reads its options, opens its control socket, says on descriptor 3 that it is ready. */
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { isTealError } from '@teal/core';
import type { SupervisorOptions } from '../protocol.ts';
import { createControl } from './control.ts';
import { Supervisor } from './supervisor.ts';

const READY_FD = 3;

function say(facts: object, text: string): void {
  const shown = Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [key, value instanceof Error ? (value.stack ?? value.message) : value]),
  );
  try {
    writeSync(2, `${JSON.stringify({ at: new Date(), text, ...shown })}\n`);
  } catch {
    // A full disk below the log must not end what serves, nor what tries to serve again.
  }
}

async function run(): Promise<void> {
  const optionsFile = process.argv[2] ?? '';
  const options = JSON.parse(readFileSync(optionsFile, 'utf8')) as SupervisorOptions;
  rmSync(optionsFile);
  const supervisor = new Supervisor(options, { info: say, warn: say });
  await supervisor.open();
  const control = createControl({ supervisor, over: () => process.exit(0) });
  control.listen(supervisor.controlSocket);
  await once(control, 'listening');
  chmodSync(supervisor.controlSocket, 0o600);
  await supervisor.announce();
  process.once('exit', () => rmSync(supervisor.controlSocket, { force: true }));
}

// Teal, or a person's Ctrl-C to it, must not take the traffic along.
for (const name of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(name, () => {});
try {
  await run();
  writeSync(READY_FD, '{}\n');
} catch (error) {
  const facts = isTealError(error) ? { code: error.code, facts: error.facts } : { code: null, facts: {} };
  writeSync(READY_FD, `${JSON.stringify({ error: { ...facts, message: (error as Error).message } })}\n`);
  process.exit(1);
}
