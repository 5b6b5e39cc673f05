/** Roles and scopes in words. */
import type { Role, TokenScope } from '@teal/contracts';

export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  admin: 'also renames and deletes the organisation',
  manager: 'also deletes apps, deals with members and tokens',
  developer: 'deploys, and changes variables and settings',
  viewer: 'sees apps, logs and figures',
};

export const SCOPE_WORDS: Readonly<Record<TokenScope, string>> = {
  full: 'full: everything its owner may do',
  deploy: 'deploy: push and deploy',
  read: 'read: see and clone, no variables',
};
