/** What an app's route flags answer in place of its pools: maintenance, and the redirect to HTTPS. Sends nothing. */
import { maintenancePage, type Page, redirectPage } from '../pages.ts';
import type { RoutedApp } from './table.ts';

export interface FlagQuestion {
  proven: boolean;
  /** Came over HTTPS. */
  secure: boolean;
  /** Checked host and path of the request. */
  host: string;
  path: string;
  /** Where HTTPS is served; null: nowhere. */
  securePort(): number | null;
}

/** Null: the request goes to the app. The proof passes every flag; a router without HTTPS leaves `httpsOnly` out. */
export function flagPage({ route, maintenanceHtml }: RoutedApp, question: FlagQuestion): Page | null {
  if (question.proven) return null;
  if (route.maintenance) return maintenancePage(maintenanceHtml);
  if (!route.httpsOnly || question.secure) return null;
  const { host, path } = question;
  const securePort = question.securePort();
  if (securePort === null) return null;
  const port = securePort === 443 ? '' : `:${securePort}`;
  return redirectPage(`https://${host}${port}${path.startsWith('/') ? path : '/'}`);
}
