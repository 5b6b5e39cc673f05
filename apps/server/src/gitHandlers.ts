/** Connects the git remote to accounts and deployer. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ORGANISATION_TOKEN_ROLE, type Permission } from '@teal/core';
import type { Deployer } from '@teal/deployer';
import type { GitPrincipal, GitRemoteHandlers, ReceivedPush } from '@teal/git';
import type { OwnedApp, PostgresStore, Principal, SshKey } from '@teal/store';
import type { Logger } from 'pino';
import { refuseWithout, roleIn } from './http/access.ts';
import { hashSecret } from './secrets.ts';

interface Known {
  principal: Principal;
  address: string | null;
  app?: OwnedApp;
}

export interface GitAccounts {
  handlers: GitRemoteHandlers;
  /** Serves one request of the remote, remembering where it comes from. */
  withAddress<T>(address: string, serve: () => Promise<T>): Promise<T>;
}

const NEEDED: Record<'upload-pack' | 'receive-pack', Permission> = {
  'upload-pack': 'app.read',
  'receive-pack': 'app.deploy',
};

export function gitHandlers({
  store,
  deployer,
  log,
}: {
  store: PostgresStore;
  deployer: Deployer;
  log: Logger;
}): GitAccounts {
  const addresses = new AsyncLocalStorage<string>();
  const requestOf = ({ access, commands, options }: ReceivedPush) => ({
    appId: access.appId,
    commands,
    options,
    pushedBy: access.principal.name,
  });
  // A principal of the git remote is one of ours: this remembers what it may see while its request lasts.
  const known = new WeakMap<GitPrincipal, Known>();

  async function record({ access, commands }: ReceivedPush): Promise<void> {
    const { principal, address, app } = known.get(access.principal) ?? {};
    if (principal === undefined || app === undefined) return;
    await store.activity.add({
      organisationId: app.organisationId,
      app,
      actorId: principal.id,
      actorName: principal.userName,
      tokenName: principal.token?.name ?? null,
      address: address ?? null,
      action: 'app.pushed',
      facts: { refs: commands.map(({ ref, oldCommit, newCommit }) => ({ ref, before: oldCommit, after: newCommit })) },
    });
  }

  const handlers: GitRemoteHandlers = {
    async authenticate({ password }) {
      const principal = await store.accounts.byToken(hashSecret(password));
      if (principal === null) return null;
      const shown = { id: principal.id, name: principal.userName };
      known.set(shown, { principal, address: addresses.getStore() ?? null });
      return shown;
    },
    async authenticateKey(fingerprint, address) {
      const key = await store.keys.byFingerprint(fingerprint);
      const principal = key === null ? null : await principalOfKey(store, key);
      if (principal === null) return null;
      const shown = { id: principal.id, name: principal.userName };
      known.set(shown, { principal, address });
      return shown;
    },
    async authorize(shown, appName, service) {
      const entry = known.get(shown);
      const app = entry === undefined ? null : await store.of(entry.principal).apps.find(appName);
      if (entry === undefined || app === null) return null;
      refuseWithout(NEEDED[service], entry.principal, roleIn(entry.principal, app.organisationId));
      entry.app = app;
      return { appId: app.id, appName: app.name, principal: shown };
    },
    async accept(push) {
      const pushId = await deployer.acceptPush(requestOf(push));
      await record(push).catch((error) => log.error({ err: error }, 'activity could not be kept'));
      return pushId;
    },
    landed: (pushId, push, signal) => deployer.pushLanded(pushId, requestOf(push), signal),
    async lost(pushId) {
      await deployer.settlePush(pushId);
    },
    failed(error, reference) {
      log.error({ err: error, reference }, 'a git request failed inside Teal');
    },
  };
  return { handlers, withAddress: (address, serve) => addresses.run(address, serve) };
}

/** A person's key may what the person may; an app's is like a token of its organisation that is good for this app only. */
async function principalOfKey(store: PostgresStore, { id, owner, name, canWrite }: SshKey): Promise<Principal | null> {
  if ('userId' in owner) return store.accounts.byUser(owner.userId);
  const app = await store.apps.get(owner.appId);
  if (app === null) return null;
  const { organisationId } = app;
  return {
    id,
    userId: null,
    userName: `key ${name}`,
    email: null,
    platformAdmin: false,
    memberships: [{ organisationId, organisationName: '', role: ORGANISATION_TOKEN_ROLE }],
    token: { id, name, scope: canWrite ? 'deploy' : 'read', appId: app.id },
  };
}
