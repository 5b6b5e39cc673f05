/** Where the console's pages are. */

export function appPath(app: string, page = ''): string {
  return `/apps/${encodeURIComponent(app)}${page === '' ? '' : `/${page}`}`;
}

export function deploymentPath(app: string, id: string): string {
  return appPath(app, `deployments/${encodeURIComponent(id)}`);
}
