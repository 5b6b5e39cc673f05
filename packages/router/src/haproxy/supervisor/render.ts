/** HAProxy's configuration and map files, from the table alone: the first connection it accepts is served right. Writes no file. */
import type { Colour } from '@teal/core';
import type { Member } from '@teal/deployer';
import type { SupervisorOptions } from '../protocol.ts';
import { backendName, packState } from '../stateValue.ts';
import { COLOURS } from '../table.ts';
import type { RenderInput } from './renderInput.ts';
import { errorPages, frontend, globals } from './rules.ts';

/** Lists that HAProxy keeps and that change while it runs; named as their files. */
export const MAPS = { hosts: 'host.map', states: 'state.map', deployments: 'pool.map', proofs: 'proof.map' } as const;

/** `[::1]:80`, `127.0.0.1:80`. */
export function serverAddress({ address: { host, port } }: Member): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What a server line says beyond name and address; dynamic servers need it word by word. */
export function serverSettings({ limits }: SupervisorOptions): string {
  return `sni var(txn.fresh) maxconn ${limits.maxRequestsPerMember} check inter 500 fall 2 rise 1`;
}

/** Name → content of every file but the certificates. */
export function render(input: RenderInput): Record<string, string> {
  const { table, slots, proofDigest } = input;
  const lines = { hosts: '', states: '', deployments: '', proofs: proofDigest === '' ? '' : `${proofDigest} 1\n` };
  const members = new Map<string, readonly Member[]>();
  for (const [appId, slot] of slots) {
    const app = table.apps.get(appId);
    if (app === undefined) continue;
    lines.states += `${appId} ${packState(app.route, slot)}\n`;
    for (const colour of COLOURS) {
      const pool = app.pools[colour];
      if (pool === null) continue;
      const name = backendName(slot, colour);
      lines.deployments += `${name} ${pool.deploymentId}\n`;
      members.set(name, pool.members);
    }
  }
  for (const [host, appId] of table.owners) lines.hosts += `${host} ${appId}\n`;
  const config = [globals(input), errorPages(), frontend(input), ...backends(input, members)].join('\n');
  return {
    'haproxy.cfg': config,
    [MAPS.hosts]: lines.hosts,
    [MAPS.states]: lines.states,
    [MAPS.deployments]: lines.deployments,
    [MAPS.proofs]: lines.proofs,
  };
}

function* backends({ size, options }: RenderInput, members: ReadonlyMap<string, readonly Member[]>): Generator<string> {
  const settings = serverSettings(options);
  for (let slot = 1; slot <= size; slot += 1) {
    for (const colour of COLOURS satisfies readonly Colour[]) {
      const name = backendName(slot, colour);
      yield `backend ${name} from apps`;
      for (const member of members.get(name) ?? []) {
        yield `  server ${member.instanceId} ${serverAddress(member)} ${settings}`;
      }
    }
  }
  yield '';
}
