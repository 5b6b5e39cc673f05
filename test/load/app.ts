/** The source of the app that the load proof pushes. Pushes nothing itself. */
import { readFile } from 'node:fs/promises';

const SERVER = new URL('./app/server.js', import.meta.url);

export interface AppOptions {
  version: string;
  /** `gateway`: the host as a container sees it. */
  collector: { host: string; port: number };
}

export async function proofApp({ version, collector }: AppOptions): Promise<Record<string, string>> {
  const facts = { name: 'proof', version: '1.0.0' };
  const lock = { ...facts, lockfileVersion: 3, requires: true, packages: { '': facts } };
  const put = JSON.stringify({ version, collectorHost: collector.host, collectorPort: collector.port });
  const server = (await readFile(SERVER, 'utf8')).replace('FACTS', put);
  return {
    'package.json': `${JSON.stringify({ ...facts, private: true, scripts: { start: 'node server.js' } }, null, 2)}\n`,
    'package-lock.json': `${JSON.stringify(lock, null, 2)}\n`,
    'server.js': server,
  };
}
