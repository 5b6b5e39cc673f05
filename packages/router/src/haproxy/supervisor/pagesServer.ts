/** Serves the router's own pages to HAProxy over a unix socket. Routes nothing. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { normaliseHost } from '../../host.ts';
import { maintenancePage, PAGES, type Page, redirectPage, sendPage } from '../../pages.ts';
import type { Table } from '../table.ts';

/** Listens when it resolves. `securePort`: where redirects lead. */
export async function servePages(path: string, table: Table, securePort: () => number | null): Promise<Server> {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    sendPage(request, response, choosePage(request, table, securePort()));
  };
  const server = createServer({ keepAlive: false, shouldUpgradeCallback: () => false, requestTimeout: 0 }, answer);
  server.on('checkContinue', answer);
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 1024 }, resolve);
  });
  return server;
}

/** By the state that the request met: see `stateValue.ts`. */
function choosePage({ headers, url = '/' }: IncomingMessage, table: Table, securePort: number | null): Page {
  const state = headers['teal-state'];
  const appId = headers['teal-app'];
  if (typeof state !== 'string' || state === '' || typeof appId !== 'string') return PAGES.unknownHost;
  const marks = state.startsWith('_') ? state.slice(1, state.indexOf(':')) : '';
  if (marks.includes('m')) return maintenancePage(table.apps.get(appId)?.maintenanceHtml ?? null);
  if (marks.includes('h') && securePort !== null && headers['x-forwarded-proto'] !== 'https') {
    const host = normaliseHost(headers.host ?? '') ?? '';
    const port = securePort === 443 ? '' : `:${securePort}`;
    return redirectPage(`https://${host}${port}${url.startsWith('/') ? url : '/'}`);
  }
  if (marks.includes('e')) return PAGES.empty;
  return marks.includes('s') ? PAGES.stopped : PAGES.noMember;
}
