/** What the engine reports between deployments: instances that ended or came back at another address. */
import type { EngineEvent } from './ports/engine.ts';
import { membersOf } from './switchTraffic.ts';
import type { WorkDeps } from './workDeps.ts';

/** Handles one event; never throws. */
export async function handleEngineEvent(deps: WorkDeps, event: EngineEvent): Promise<void> {
  const { context, exits } = deps;
  if (event.type === 'exited') {
    exits.exited(event.instanceId, event.exitCode);
    context.log.info({ appId: event.appId, instanceId: event.instanceId, exitCode: event.exitCode }, 'instance ended');
    return;
  }
  try {
    await takeAddress(deps, event);
  } catch (error) {
    context.log.warn(
      { appId: event.appId, err: error },
      'the new address of an instance was not taken over; the reconciler will',
    );
  }
}

async function takeAddress({ keeper }: WorkDeps, event: EngineEvent & { type: 'restarted' }): Promise<void> {
  await keeper.exclusive(event.appId, async ({ lease, context }) => {
    const { store, router } = context;
    const instances = await store.instances.list(event.appId);
    const instance = instances.find((entry) => entry.id === event.instanceId);
    if (instance === undefined) return;
    if (instance.address?.host === event.address.host && instance.address.port === event.address.port) return;
    await store.instances.update(lease, instance.id, { address: event.address });
    const pool = (await router.observe(event.appId))?.pools[instance.colour];
    if (pool == null || !pool.members.some((member) => member.instanceId === instance.id)) return;
    const members = pool.members.map((member) =>
      member.instanceId === instance.id ? (membersOf([{ ...instance, address: event.address }])[0] ?? member) : member,
    );
    await router.setPool({ ...pool, members });
    context.log.info(
      { appId: event.appId, instanceId: instance.id, address: event.address },
      'instance came back at another address',
    );
  });
}
