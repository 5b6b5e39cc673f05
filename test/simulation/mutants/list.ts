/** Changes of the product that the simulation must notice. */
import type { Fault } from '../../planted/fault.ts';

const D = 'deployer/src/';

export const MUTANTS: readonly Fault[] = [
  { name: 'no look at the lease before effects', file: `${D}effects.ts`, from: 'if (isOver())', to: 'if (false)' },
  { name: 'drains are not waited for', file: `${D}retireReleases.ts`, from: 'busy.requests > 0 &&', to: 'false &&' },
  {
    name: 'the pool is not left before sleep',
    file: `${D}retireReleases.ts`,
    from: '  await leavePool(deps',
    to: '  if (false) await leavePool(deps',
  },
  { name: 'no gate', file: `${D}runDeployment.ts`, from: 'await passGate(run, release, started.green);', to: '' },
  {
    name: 'every proof fails',
    file: `${D}switchTraffic.ts`,
    from: 'await prove(run);',
    to: 'if (Math.random() >= 0) throw new Error("unproven");',
  },
  {
    name: 'the route is not flipped',
    file: `${D}switchTraffic.ts`,
    from: "await router.setRoute(app.id, routeOf(app, { mode: 'up', live: colour }));",
    to: '',
  },
  {
    name: 'no way back after a failed switch',
    file: `${D}runDeployment.ts`,
    from: '  await switchBack(run);\n  return failDeployment',
    to: '  return failDeployment',
  },
  { name: 'pushes are not settled', file: `${D}deployer.ts`, from: 'await settlePushes(context, confirm);', to: '' },
  {
    name: 'no call for unfinished work',
    file: `${D}deployer.ts`,
    from: 'await context.queue.appHasWork(appId);',
    to: '',
  },
  { name: 'no call for waiting mail', file: `${D}deployer.ts`, from: 'await context.queue.mailIsWaiting();', to: '' },
  {
    name: 'no reconciler',
    file: `${D}reconcile.ts`,
    from: 'for (const action of actions) await apply(deps, held, action);',
    to: '',
  },
  {
    name: 'leftovers stay',
    file: `${D}deployer.ts`,
    from: 'await collectStrays(context',
    to: 'if (false) await collectStrays(context',
  },
  {
    name: 'unknown instances stay',
    file: 'core/src/plan.ts',
    from: "if (!known.has(instanceId)) actions.push({ do: 'remove-unknown', ref, instanceId });",
    to: '',
  },
  {
    name: 'live versions are not completed',
    file: 'core/src/plan.ts',
    from: "actions.push({ do: 'complete-live', releaseId: liveReleaseId });",
    to: '',
  },
  {
    name: 'a wish to cancel is not heard',
    file: `${D}workApp.ts`,
    from: "stop.abort(new StopRun('cancelled'));",
    to: ';',
  },
  {
    name: 'nothing retires',
    file: `${D}retireReleases.ts`,
    from: 'if (closing.signal.aborted) return;\n    const running',
    to: 'if (Math.random() >= 0) return;\n    const running',
  },
  {
    name: 'no restart policy',
    file: 'core/src/plan.ts',
    from: "actions.push({ do: 'set-restart', instanceId: row.id, ref: seen.ref });",
    to: ';',
  },
  {
    name: 'the release is frozen while it is live',
    file: `${D}retireReleases.ts`,
    from: 'if (instance.releaseId === app.liveReleaseId || ',
    to: 'if (',
  },
  {
    name: 'phases begin again for ever',
    file: `${D}runDeployment.ts`,
    from: 'if (beginnings > MAX_BEGINNINGS)',
    to: 'if (beginnings > 0)',
  },
  {
    name: 'failures write no mail',
    file: `${D}endDeployment.ts`,
    from: 'run.deployment.id, failure, mails)',
    to: 'run.deployment.id, failure, [])',
  },
];
