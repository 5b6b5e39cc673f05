/** Connects the git remote to accounts and deployer. */
import type { Deployer } from '@teal/deployer';
import type { GitRemoteHandlers, ReceivedPush } from '@teal/git';
import type { PostgresStore, Principal } from '@teal/store';
import type { Logger } from 'pino';
import { hashSecret } from './secrets.ts';

export function gitHandlers({
  store,
  deployer,
  log,
}: {
  store: PostgresStore;
  deployer: Deployer;
  log: Logger;
}): GitRemoteHandlers {
  const requestOf = ({ access, commands, options }: ReceivedPush) => ({
    appId: access.appId,
    commands,
    options,
    pushedBy: access.principal.name,
  });
  // A principal of the git remote is one of ours: this remembers what it may see while its request lasts.
  const principals = new WeakMap<object, Principal>();
  return {
    async authenticate({ password }) {
      const found = await store.accounts.byToken(hashSecret(password));
      if (found === null) return null;
      const principal = { id: found.principal.userId, name: found.principal.userName };
      principals.set(principal, found.principal);
      return principal;
    },
    async authorize(principal, appName) {
      const known = principals.get(principal);
      const app = known === undefined ? null : await store.apps.find(known.organisationId, appName);
      return app === null ? null : { appId: app.id, appName: app.name, principal };
    },
    accept: (push) => deployer.acceptPush(requestOf(push)),
    landed: (pushId, push, signal) => deployer.pushLanded(pushId, requestOf(push), signal),
    async lost(pushId) {
      await deployer.settlePush(pushId);
    },
    failed(error, reference) {
      log.error({ err: error, reference }, 'a git request failed inside Teal');
    },
  };
}
