/** The load proof's short form, on each router that is there: nothing lost, nothing late, nothing twice. */
import { expect, it } from 'vitest';
import { ENGINES } from '../e2e/engines.ts';
import { SHORT } from './options.ts';
import { runProof } from './proof.ts';
import { ROUTERS } from './routers.ts';

it.each(ROUTERS)('loses nothing (router: %s)', async (router) => {
  const said: string[] = [];
  const engine = ENGINES[0] ?? 'process';
  const report = await runProof(
    { ...SHORT, engine, router },
    { signal: AbortSignal.timeout(110_000), say: (line) => said.push(line) },
  );
  const faults = report.samples.filter(({ what }) => what === 'lost' || what === 'late');
  expect(faults, said.join('\n')).toEqual([]);
  expect(report).toMatchObject({ lost: 0, late: 0, duplicates: 0, answered_but_never_taken: 0 });
  expect(report.flips).toBe(SHORT.flips + SHORT.deployments);
  const router_kills = report.router === 'haproxy' ? 1 : 0;
  expect(report.deeds).toMatchObject({ instance_kills: 1, router_kills, restarts: 1, platform_kills: 1 });
  expect(report.requests).toBeGreaterThanOrEqual(SHORT.requests);
  for (const figures of Object.values(report.by_kind)) expect(figures.requests).toBeGreaterThan(0);
});
