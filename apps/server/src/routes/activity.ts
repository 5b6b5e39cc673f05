/** The record of who did what: an organisation's, an app's, one's own. */
import { activityListSchema, activityQuerySchema } from '@teal/contracts';
import { TealError } from '@teal/core';
import type { Activity, ActivityPage } from '@teal/store';
import { needs } from '../http/access.ts';
import { activityView } from '../views/account.ts';
import { type Api, appParams, type RouteDeps } from './deps.ts';
import { organisationOf, organisationParams } from './organisations.ts';

function pageOf({ limit, before }: { limit: number; before?: number | undefined }): ActivityPage {
  return { limit, before: before ?? null };
}

function listView(entries: Activity[], { limit }: ActivityPage) {
  return {
    entries: entries.map(activityView),
    next: entries.length === limit ? (entries.at(-1)?.sequence ?? null) : null,
  };
}

export function activityRoutes(api: Api, { store }: RouteDeps): void {
  const schema = { querystring: activityQuerySchema, response: { 200: activityListSchema } };

  const ofOrganisation = {
    config: needs('organisation.activity'),
    schema: { ...schema, params: organisationParams },
  };
  api.get('/organisations/:organisation/activity', ofOrganisation, async (request) => {
    const page = pageOf(request.query);
    return listView(await store.activity.ofOrganisation(organisationOf(request), page), page);
  });

  const ofApp = { config: needs('app.activity'), schema: { ...schema, params: appParams } };
  api.get('/apps/:app/activity', ofApp, async ({ query, targetApp, params }) => {
    if (targetApp === null) throw new TealError('app_not_found', { name: params.app });
    const page = pageOf(query);
    return listView(await store.activity.ofApp(targetApp, page), page);
  });

  api.get('/account/activity', { config: needs('self.read'), schema }, async ({ query, principal }) => {
    const page = pageOf(query);
    return listView(await store.activity.ofActor(principal.id, page), page);
  });
}
