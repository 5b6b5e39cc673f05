/** The router's own answers: small pages without scripts that repeat nothing of what the client sent. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TealError } from '@teal/core';

export interface Page {
  status: number;
  title: string;
  text: string;
  retryAfterSeconds?: number;
  /** Shown as it is, instead of title and text, where the client takes HTML. */
  ownHtml?: string;
  /** Where a redirect leads. */
  location?: string;
}

export const PAGES = {
  unknownHost: { status: 404, title: 'No app here', text: 'No app answers at this address.' },
  empty: {
    status: 503,
    title: 'Nothing is live yet',
    text: 'This app has no live version yet. It appears here when its first deployment is live.',
    retryAfterSeconds: 5,
  },
  stopped: { status: 503, title: 'Stopped', text: 'This app was stopped by its owner.', retryAfterSeconds: 60 },
  noMember: {
    status: 503,
    title: 'Not available',
    text: 'This app has no running instance at the moment.',
    retryAfterSeconds: 2,
  },
  maintenance: {
    status: 503,
    title: 'Maintenance',
    text: 'This app is being worked on. Please come back a little later.',
    retryAfterSeconds: 60,
  },
  crowded: {
    status: 503,
    title: 'Too many requests',
    text: 'This app has more requests than it can answer at the moment.',
    retryAfterSeconds: 5,
  },
  /** For a router that cannot tell a crowd from an app that takes no connection. */
  unable: {
    status: 503,
    title: 'Not available',
    text: 'This app cannot take the request at the moment.',
    retryAfterSeconds: 5,
  },
  unreachable: {
    status: 502,
    title: 'No answer',
    text: 'The app did not take the request, or broke off.',
    retryAfterSeconds: 5,
  },
  late: { status: 504, title: 'No answer in time', text: 'The app did not answer in time.', retryAfterSeconds: 5 },
} as const satisfies Record<string, Page>;

/** A page for a refused request; `text` is one of our own sentences. */
export function refusalPage(status: number, text: string): Page {
  return { status, title: 'Request refused', text };
}

/** A redirect that keeps method and body; `location` must have been made of checked parts. */
export function redirectPage(location: string): Page {
  return { status: 308, title: 'Moved', text: 'This app answers over HTTPS only.', location };
}

export const MAX_MAINTENANCE_HTML_BYTES = 64 * 1024;

/** Throws `settings_invalid` where the HTML is longer than {@link MAX_MAINTENANCE_HTML_BYTES}. */
export function checkMaintenanceHtml(html: string | null): void {
  if (html === null || Buffer.byteLength(html) <= MAX_MAINTENANCE_HTML_BYTES) return;
  throw new TealError('settings_invalid', { detail: 'The maintenance page is larger than 64 KiB.' });
}

export function maintenancePage(ownHtml: string | null): Page {
  return ownHtml === null ? PAGES.maintenance : { ...PAGES.maintenance, ownHtml };
}

export function pageHtml({ status, title, text }: Page): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em;color:#123}
h1{font-size:1.4em}small{color:#678}</style><h1>${title}</h1><p>${text}</p><small>${status} from Teal</small></html>
`;
}

/** Sends the page: HTML where Accept has it, else plain text; ends the answer. Returns its bytes, roughly. */
export function sendPage(request: IncomingMessage, response: ServerResponse, page: Page): number {
  const asHtml = /text\/html/i.test(request.headers.accept ?? '');
  const body = Buffer.from(asHtml ? (page.ownHtml ?? pageHtml(page)) : `${page.text}\n`);
  const headers = [
    'Content-Type',
    `text/${asHtml ? 'html' : 'plain'}; charset=utf-8`,
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    'X-Content-Type-Options',
    'nosniff',
  ];
  // Own HTML may bring what its owner likes: it is shown at the owner's address.
  if (!asHtml || page.ownHtml === undefined) {
    headers.push('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
  }
  if (page.location !== undefined) headers.push('Location', page.location);
  if (page.retryAfterSeconds !== undefined) headers.push('Retry-After', String(page.retryAfterSeconds));
  if (page.status === 405) headers.push('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  response.writeHead(page.status, headers);
  response.end(body);
  return headers.join().length + (request.method === 'HEAD' ? 0 : body.length);
}
