/** When a world has come to rest, and what must then be so: database, engine, router and refs agree, and nothing leaks. */
import { type App, desiredRoute, type Instance, isTerminal, sameRoute } from '@teal/core';
import type { Push } from '@teal/deployer';
import { membersKey } from './router.ts';
import type { Teal } from './teal.ts';
import type { World } from './world.ts';

/** Nothing is left to do: no unfinished deployment, app, mail, push or instance. */
export function isAtRest(world: World): boolean {
  const { tables } = world.database;
  const lives = [...world.tealOf.values()].every(isWell);
  if (!lives || tables.deleting.size > 0 || !world.queue.isIdle()) return false;
  if ([...tables.deployments.values()].some(({ state }) => !isTerminal(state))) return false;
  if ([...tables.outbox.values()].some(({ state }) => state === 'waiting')) return false;
  if ([...tables.pushes.values()].some((push) => isUnsettled(world, push))) return false;
  return [...tables.apps.values()].every((app) => isSettled(world, app));
}

function isWell(teal: Teal): boolean {
  return teal.isAlive() && teal.ready && !teal.isFrozen() && teal.cutOff.size === 0;
}

/** Its ref is in, and nothing says yet what becomes of it. */
function isUnsettled(world: World, { id, appId, command }: Push): boolean {
  if (command === null || tables(world).pushStates.get(id) !== 'provisional') return false;
  return world.source.repositories.get(appId)?.reflog.some(({ commit }) => commit === command.newCommit) ?? false;
}

function isSettled(world: World, app: App): boolean {
  const rows = instancesOf(world, app.id);
  const live = rows.filter(({ releaseId }) => releaseId === app.liveReleaseId);
  return (
    live.every(({ state }) => state === 'running') &&
    rows.every((row) => live.includes(row) || row.state === 'asleep') &&
    (app.liveReleaseId === null || live.length > 0)
  );
}

function instancesOf(world: World, appId: string): Instance[] {
  return [...world.database.tables.instances.values()].filter((row) => row.appId === appId && row.state !== 'off');
}

/** Tells the watchdog what does not hold at rest. */
export function checkRest(world: World): void {
  const { tables } = world.database;
  for (const app of tables.apps.values()) {
    routeAgrees(world, app);
    instancesAgree(world, app);
  }
  nothingLeaks(world);
  pushesAreDeployed(world);
  mailsAreSent(world);
  for (const { id, state, failure } of tables.deployments.values())
    if (!isTerminal(state)) world.watchdog.violate(4, `${id} is ${state} and does not end (${failure?.code})`);
}

function routeAgrees(world: World, app: App): void {
  const { router, watchdog } = world;
  const rows = instancesOf(world, app.id);
  const state = router.state.apps.get(app.id);
  const wanted = desiredRoute(app, rows);
  if (state === undefined || !sameRoute(state.route, wanted)) {
    watchdog.violate(2, `${app.name}: the route is ${JSON.stringify(state?.route)}, not ${JSON.stringify(wanted)}`);
    return;
  }
  const live = rows.filter(({ releaseId }) => releaseId === app.liveReleaseId);
  const members = live.flatMap(({ id, address }) => (address === null ? [] : [{ instanceId: id, address }]));
  const pool = router.routed(app.id);
  if (membersKey(pool?.members ?? []) !== membersKey(members))
    watchdog.violate(2, `${app.name}: the pool is not what is live`);
  if (pool !== null && tables(world).deployments.get(pool.deploymentId)?.state !== 'live')
    watchdog.violate(2, `${app.name}: the pool answers proofs for ${pool.deploymentId}, which is not live`);
  for (const other of Object.values(state.pools))
    if (other !== null && other !== pool && other.members.length > 0)
      watchdog.violate(2, `${app.name}: the ${other.colour} pool still has members`);
}

const tables = (world: World) => world.database.tables;

function instancesAgree(world: World, app: App): void {
  const { engine, watchdog } = world;
  const release = tables(world).releases.get(app.liveReleaseId ?? '');
  const rows = instancesOf(world, app.id);
  for (const { id, ref, state, releaseId, address } of rows) {
    const box = engine.state.boxes.get(ref ?? '');
    const wanted = state === 'asleep' ? 'frozen' : 'running';
    if (box?.status !== wanted) watchdog.violate(11, `${app.name}: ${id} is ${state}, its instance ${box?.status}`);
    const isLive = releaseId === app.liveReleaseId;
    if (isLive && box?.address.port !== address?.port) watchdog.violate(11, `${app.name}: ${id} is elsewhere`);
    if (box !== undefined && box.restart !== isLive)
      watchdog.violate(11, `${app.name}: ${id} is ${isLive ? 'live without' : 'not live, but has'} a restart policy`);
  }
  const running = rows.filter(({ releaseId }) => releaseId === app.liveReleaseId).length;
  if (release !== undefined && running !== release.settings.scale)
    watchdog.violate(1, `${app.name}: ${running} instances run, not ${release.settings.scale}`);
}

function nothingLeaks(world: World): void {
  const { engine, source, router, watchdog } = world;
  const { apps, images, instances } = tables(world);
  const refs = new Set([...instances.values()].filter(({ state }) => state !== 'off').map(({ ref }) => ref));
  const kept = [...engine.state.boxes.keys(), ...engine.state.places.keys()];
  for (const ref of kept) if (!refs.has(ref)) watchdog.violate(11, `the instance ${ref} leaks`);
  const imageRefs = new Set([...images.values()].map(({ ref }) => ref));
  for (const ref of engine.state.images.keys()) if (!imageRefs.has(ref)) watchdog.violate(11, `the image ${ref} leaks`);
  for (const appId of engine.state.apps) if (!apps.has(appId)) watchdog.violate(11, `the network of ${appId} leaks`);
  for (const appId of source.repositories.keys())
    if (!apps.has(appId)) watchdog.violate(11, `the repository of ${appId} leaks`);
  for (const appId of apps.keys())
    if (!source.repositories.has(appId)) watchdog.violate(11, `${appId} has no repository`);
  for (const appId of router.state.apps.keys())
    if (!apps.has(appId)) watchdog.violate(11, `the route of ${appId} leaks`);
}

/** 7: exactly one deployment for each push whose ref is in. */
function pushesAreDeployed(world: World): void {
  const { pushes, pushStates, ofPush, deployments } = tables(world);
  for (const { id, appId, command } of pushes.values()) {
    const reflog = world.source.repositories.get(appId)?.reflog ?? [];
    const landed = command !== null && reflog.some(({ commit }) => commit === command.newCommit);
    const deployment = deployments.get(ofPush.get(id) ?? '');
    if (landed && deployment === undefined && pushStates.get(id) !== 'dropped')
      world.watchdog.violate(7, `the push of ${command.newCommit} is ${pushStates.get(id)} and has no deployment`);
  }
}

/** 14: each failure reached each recipient. */
function mailsAreSent(world: World): void {
  const { deployments, apps, members } = tables(world);
  for (const { id, appId, state } of deployments.values()) {
    if (state !== 'failed') continue;
    for (const to of members.get(apps.get(appId)?.organisationId ?? '') ?? [])
      if (!world.mail.sent.some((mail) => mail.to === to && mail.deploymentIds.includes(id)))
        world.watchdog.violate(14, `${to} was not told of ${id}`);
  }
}

/** What a person would say of the app: what is live, whether it is stopped, how the deployments ended. */
export function summaryOf(world: World): string {
  const { apps, releases } = tables(world);
  return [...apps.values()]
    .map(({ name, stopped, liveReleaseId }) => {
      const live = releases.get(liveReleaseId ?? '')?.commit.commit ?? 'nothing';
      return `${name}: ${stopped ? 'stopped' : live}`;
    })
    .sort()
    .join(', ');
}
