/** What each route asks of who calls it: every route says so in its metadata, or the server does not start. */
import { type ActivityAction, isAllowed, PERMISSIONS, type Permission, ROLES, type Role, TealError } from '@teal/core';
import type { OwnedApp, OwnedOrganisation, PostgresStore, Principal, Within } from '@teal/store';
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import { findPrincipal } from './authenticate.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `public`: no credentials are looked at. */
    permission?: Permission | 'public';
    /** What a change is recorded as; null: it changes nothing that is recorded. */
    activity?: ActivityAction | null;
  }
  interface FastifyRequest {
    /** Null on public routes only. */
    principal: Principal;
    /** What the principal may reach. */
    within: Within;
    /** What the address names by `:app` or `:organisation`; null where it names none. */
    targetApp: OwnedApp | null;
    targetOrganisation: OwnedOrganisation | null;
  }
}

export interface RouteEntry {
  method: string;
  url: string;
  permission: Permission | 'public';
  activity: ActivityAction | null;
}

type RouteAccess = Pick<FastifyContextConfig, 'permission' | 'activity'>;

/** A route's metadata; one that changes something names what it is recorded as, or says null. */
export function needs(permission: Permission | 'public', activity?: ActivityAction | null): RouteAccess {
  return activity === undefined ? { permission } : { permission, activity };
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface RouteTable {
  readonly entries: readonly RouteEntry[];
  /** What a plugin registers meanwhile is public: it knows nothing of permissions. */
  publicly<T>(register: () => Promise<T>): Promise<T>;
}

/** Collects the routes registered on `app` from now on; `app.ready()` fails on one without its metadata. */
export function collectRoutes(app: FastifyInstance): RouteTable {
  const entries: RouteEntry[] = [];
  const wrong: string[] = [];
  let isPublic = false;
  app.addHook('onRoute', ({ method, url, config }) => {
    const permission = isPublic ? 'public' : config?.permission;
    for (const verb of [method].flat()) {
      const undeclared =
        permission === undefined || (!isPublic && !SAFE_METHODS.has(verb) && config?.activity === undefined);
      if (undeclared) wrong.push(`${verb} ${url}`);
      else entries.push({ method: verb, url, permission, activity: config?.activity ?? null });
    }
  });
  app.addHook('onReady', async () => {
    if (wrong.length > 0) throw new Error(`routes without permission or activity: ${wrong.join(', ')}`);
  });
  return {
    entries,
    async publicly(register) {
      isPublic = true;
      try {
        return await register();
      } finally {
        isPublic = false;
      }
    },
  };
}

/** Every route of `api` lets through only who has its permission, before its body is read. */
export function useAccess(api: FastifyInstance, store: Pick<PostgresStore, 'accounts' | 'of'>): void {
  api.decorateRequest('principal', null as unknown as Principal);
  api.decorateRequest('within', null as unknown as Within);
  api.decorateRequest('targetApp', null);
  api.decorateRequest('targetOrganisation', null);
  api.addHook('onRequest', async (request) => {
    const { permission } = request.routeOptions.config;
    if (permission === 'public') return;
    request.principal = await findPrincipal(store.accounts, request);
    request.within = store.of(request.principal);
    // No route at all: its 404 is for those who may know.
    if (permission === undefined) return;
    const role = await findTarget(request);
    refuseWithout(permission, request.principal, role);
  });
}

/** Throws 404 for what is not the principal's, as for what is not there. Returns their role in the organisation meant. */
async function findTarget(request: FastifyRequest): Promise<Role | null> {
  const { principal, within } = request;
  const { app: nameOrId, organisation: id } = request.params as Record<string, string | undefined>;
  if (nameOrId !== undefined) {
    request.targetApp = await within.apps.find(nameOrId);
    if (request.targetApp === null) throw new TealError('app_not_found', { name: nameOrId.slice(0, 80) });
    return roleIn(principal, request.targetApp.organisationId);
  }
  if (id !== undefined) {
    request.targetOrganisation = within.organisations.find(id);
    if (request.targetOrganisation === null) throw new TealError('organisation_not_found', { id: id.slice(0, 80) });
    return request.targetOrganisation.role;
  }
  // The body says which one; the route asks again when it knows.
  const held = new Set(principal.memberships.map(({ role }) => role));
  return ROLES.find((role) => held.has(role)) ?? null;
}

export function roleIn({ memberships }: Principal, organisationId: string): Role | null {
  return memberships.find((membership) => membership.organisationId === organisationId)?.role ?? null;
}

export function mayDo(permission: Permission, principal: Principal, role: Role | null): boolean {
  const { platformAdmin, userId, token } = principal;
  return isAllowed(permission, {
    role,
    platformAdmin,
    person: userId !== null,
    token: token === null ? null : { scope: token.scope, oneApp: token.appId !== null },
  });
}

/** Throws `forbidden`. */
export function refuseWithout(permission: Permission, principal: Principal, role: Role | null): void {
  if (!mayDo(permission, principal, role))
    throw new TealError('forbidden', { permission: PERMISSIONS[permission].what });
}
