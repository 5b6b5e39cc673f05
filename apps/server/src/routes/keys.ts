/** Public keys for git over SSH: a person's own, and those of an app. A key that is removed ends what runs by it. */
import { addDeployKeySchema, addKeySchema, type KeyView, keyListSchema, keySchema } from '@teal/contracts';
import { type ActivityAction, TealError } from '@teal/core';
import { readPublicKey } from '@teal/git';
import type { KeyOwner, SshKey } from '@teal/store';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { newId } from '../ids.ts';
import { type Api, appParams, type RouteDeps, requestedApp } from './deps.ts';

function keyView({ id, name, type, fingerprint, canWrite, createdAt, lastUsedAt }: SshKey): KeyView {
  const used = lastUsedAt?.toISOString() ?? null;
  return { id, name, type, fingerprint, write: canWrite, createdAt: createdAt.toISOString(), lastUsedAt: used };
}

const listed = { 200: keyListSchema };
const added = { 201: keySchema };
const gone = { 204: z.null() };

export function keyRoutes(api: Api, deps: RouteDeps): void {
  ownKeyRoutes(api, deps);
  appKeyRoutes(api, deps);
}

function ownKeyRoutes(api: Api, deps: RouteDeps): void {
  const may = (activity?: ActivityAction) => needs('self.manage', activity);
  const ownerOf = ({ principal }: FastifyRequest): KeyOwner => ({ userId: principal.id });
  api.get('/keys', { config: may(), schema: { response: listed } }, async (request) => list(deps, ownerOf(request)));

  const adding = { config: may('account.key-added'), schema: { body: addKeySchema, response: added } };
  api.post('/keys', adding, async (request, reply) =>
    reply.status(201).send(await add(deps, request, { owner: ownerOf(request), ...request.body, write: true })),
  );

  const schema = { params: z.object({ key: z.string() }), response: gone };
  api.delete('/keys/:key', { config: may('account.key-removed'), schema }, async (request, reply) => {
    await remove(deps, request, { owner: ownerOf(request), id: request.params.key });
    return reply.status(204).send(null);
  });
}

function appKeyRoutes(api: Api, deps: RouteDeps): void {
  const path = '/apps/:app/keys';
  const ownerOf = async (request: FastifyRequest, app: string): Promise<KeyOwner> => ({
    appId: (await requestedApp(deps, request, app)).id,
  });
  const listing = { config: needs('app.read'), schema: { params: appParams, response: listed } };
  api.get(path, listing, async (request) => list(deps, await ownerOf(request, request.params.app)));

  const addSchema = { params: appParams, body: addDeployKeySchema, response: added };
  const adding = { config: needs('app.configure', 'app.key-added'), schema: addSchema };
  api.post(path, adding, async (request, reply) => {
    const owner = await ownerOf(request, request.params.app);
    return reply.status(201).send(await add(deps, request, { owner, ...request.body }));
  });

  const removeSchema = { params: appParams.extend({ key: z.string() }), response: gone };
  const removing = { config: needs('app.configure', 'app.key-removed'), schema: removeSchema };
  api.delete(`${path}/:key`, removing, async (request, reply) => {
    await remove(deps, request, { owner: await ownerOf(request, request.params.app), id: request.params.key });
    return reply.status(204).send(null);
  });
}

async function list({ store, places }: RouteDeps, owner: KeyOwner) {
  const { ssh } = places;
  return {
    keys: (await store.keys.list(owner)).map(keyView),
    ssh: ssh === null ? null : { urlPattern: ssh.urlPattern, hostKey: ssh.fingerprint },
  };
}

interface Given {
  owner: KeyOwner;
  key: string;
  name?: string | undefined;
  write: boolean;
}

async function add({ store }: RouteDeps, request: FastifyRequest, given: Given): Promise<KeyView> {
  const { owner, key, name, write } = given;
  const read = readPublicKey(key);
  if ('problem' in read) throw new TealError('key_invalid', { detail: read.problem });
  const { type, fingerprint, comment } = read;
  const shown = name ?? (comment.slice(0, 80) || type);
  note(request, { facts: { name: shown, fingerprint, write } });
  const kept = await store.keys.add({ id: newId('key'), owner, name: shown, type, fingerprint, canWrite: write });
  return keyView(kept);
}

async function remove(
  { store, dropKey }: RouteDeps,
  request: FastifyRequest,
  { owner, id }: { owner: KeyOwner; id: string },
): Promise<void> {
  const key = await store.keys.remove(owner, id);
  if (key === null) throw new TealError('key_not_found', { id: id.slice(0, 80) });
  note(request, { facts: { name: key.name, fingerprint: key.fingerprint } });
  dropKey(key.fingerprint);
}
