/** The router's own answers: small pages without scripts that repeat nothing of what the client sent. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Page {
  status: number;
  title: string;
  text: string;
  retryAfterSeconds?: number;
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
  unreachable: { status: 502, title: 'No answer', text: 'The app did not take the request, or broke off.' },
  late: { status: 504, title: 'No answer in time', text: 'The app did not answer in time.' },
} as const satisfies Record<string, Page>;

/** A page for a refused request; `text` is one of our own sentences. */
export function refusalPage(status: number, text: string): Page {
  return { status, title: 'Request refused', text };
}

function html({ status, title, text }: Page): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em;color:#123}
h1{font-size:1.4em}small{color:#678}</style><h1>${title}</h1><p>${text}</p><small>${status} from Teal</small></html>
`;
}

/** Sends the page: HTML where Accept has it, else plain text; ends the answer. */
export function sendPage(request: IncomingMessage, response: ServerResponse, page: Page): void {
  const asHtml = /text\/html/i.test(request.headers.accept ?? '');
  const body = Buffer.from(asHtml ? html(page) : `${page.text}\n`);
  const headers = [
    'Content-Type',
    `text/${asHtml ? 'html' : 'plain'}; charset=utf-8`,
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    'X-Content-Type-Options',
    'nosniff',
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'",
  ];
  if (page.retryAfterSeconds !== undefined) headers.push('Retry-After', String(page.retryAfterSeconds));
  if (page.status === 405) headers.push('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  response.writeHead(page.status, headers);
  response.end(body);
}
