/** A push, from git's question before the refs move to the deployment after they have. */
import { checkPushOptions, judgePush, type PushVerdict, type RefCommand, shortageOf, TealError } from '@teal/core';
import type { Context } from './context.ts';
import type { Places } from './places.ts';

export interface PushRequest {
  appId: string;
  commands: readonly RefCommand[];
  options: readonly string[];
  pushedBy: string;
}

/** pre-receive: throws a TealError to refuse the whole push, else writes the provisional row and returns its id. */
export async function acceptPush(
  {
    context: { store, ids, room },
    places,
  }: { context: Pick<Context, 'store' | 'ids' | 'room'>; places: Pick<Places, 'expect'> },
  push: PushRequest,
): Promise<string> {
  const [app, deleting, rooms] = await Promise.all([
    store.apps.get(push.appId),
    store.apps.isDeleting(push.appId),
    room.measure(),
  ]);
  if (app === null || deleting) throw new TealError('app_not_found', { name: push.appId });
  const shortage = shortageOf(rooms, 'push');
  if (shortage !== null) throw shortage;
  const options = checkPushOptions(push.options);
  const verdict = judgePush(push.commands, app.deployBranch);
  if (verdict.deploys !== null) places.expect(app);
  const { id } = await store.pushes.provisional({
    id: ids.newId('push'),
    appId: app.id,
    command: verdict.deploys,
    branch: verdict.branch,
    options,
    pushedBy: push.pushedBy,
  });
  return id;
}

/** What the push client is told about refs that are kept but not deployed. */
export async function pushNotes({ store }: Pick<Context, 'store'>, push: PushRequest): Promise<PushVerdict['notes']> {
  const app = await store.apps.get(push.appId);
  return judgePush(push.commands, app?.deployBranch ?? null).notes;
}

/** post-receive, and recovery: the refs are durable. Returns the deployment, or null where none is due. */
export async function confirmPush(
  { store, source, queue, ids }: Pick<Context, 'store' | 'source' | 'queue' | 'ids'>,
  push: { id: string; appId: string; command: RefCommand | null },
): Promise<string | null> {
  if (push.command === null) {
    await store.pushes.keep(push.id);
    return null;
  }
  const { newCommit } = push.command;
  const facts = await source.describe(push.appId, newCommit);
  if (facts === null) throw new TealError('push_malformed', { detail: 'the branch does not point to a commit' });
  // The deployment asks for the tree next: the reader keeps it for a moment. What is wrong with it is told then.
  const listed = source.open(push.appId, newCommit).then(
    () => {},
    () => {},
  );
  const deployment = await store.pushes.confirm(push.id, ids.newId('deployment'), facts);
  if (deployment !== null) await queue.appHasWork(push.appId);
  await listed;
  return deployment?.id ?? null;
}
