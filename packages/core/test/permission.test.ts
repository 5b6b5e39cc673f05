/** The table of permissions: what roles and tokens have, and the docs that show it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isAllowed, PERMISSIONS, type Permission, permissionTable, ROLES, type Standing } from '../src/index.ts';

const names = Object.keys(PERMISSIONS) as Permission[];
const admin: Standing = { role: 'admin', platformAdmin: true, person: true, token: null };

it('gives a more powerful role all that a lesser one has', () => {
  for (const name of names) {
    const allowed = ROLES.map((role) => isAllowed(name, { ...admin, role }));
    expect(allowed).toEqual([...allowed].sort((a, b) => Number(b) - Number(a)));
  }
});

it('gives a token never more than its owner has, and a full one all of it', () => {
  for (const name of names) {
    expect(isAllowed(name, { ...admin, token: { scope: 'full', oneApp: false } })).toBe(true);
    for (const scope of ['full', 'deploy', 'read'] as const) {
      const viewer: Standing = { role: 'viewer', platformAdmin: false, person: true, token: null };
      const token = { scope, oneApp: false };
      if (isAllowed(name, { ...viewer, token })) expect(isAllowed(name, viewer)).toBe(true);
    }
  }
});

it('keeps people’s matters from tokens of organisations, and all but its app from a token of one', () => {
  const organisation: Standing = {
    role: 'manager',
    platformAdmin: false,
    person: false,
    token: { scope: 'full', oneApp: false },
  };
  const has = (standing: Standing) => names.filter((name) => isAllowed(name, standing));
  expect(has(organisation)).not.toContain('organisation.members');
  expect(has(organisation)).not.toContain('self.manage');
  const oneApp = has({ ...admin, token: { scope: 'full', oneApp: true } });
  expect(oneApp.filter((name) => PERMISSIONS[name].on !== 'app')).toEqual(['self.read']);
});

it('is what the docs show', async () => {
  const docs = await readFile(join(import.meta.dirname, '../../../docs/permissions.md'), 'utf8');
  expect(docs).toContain(permissionTable());
});
