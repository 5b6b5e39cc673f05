/** Finds deployments by what people type: a short id, a commit. */
import type { DeploymentView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { CommandError } from '../output/exit.ts';
import type { Api } from './client.ts';

interface Page {
  deployments: DeploymentView[];
  next: number | null;
}

export function fetchPage(api: Api, app: string, query: { before?: number; limit?: number } = {}): Promise<Page> {
  const pairs = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  const search = new URLSearchParams(pairs).toString();
  return api.get<Page>(`${paths.deployments(app)}${search === '' ? '' : `?${search}`}`);
}

/** Newest first, page by page as they are asked for. */
export async function* allDeployments(api: Api, app: string): AsyncGenerator<DeploymentView> {
  let before: number | undefined;
  for (;;) {
    const page = await fetchPage(api, app, before === undefined ? {} : { before });
    yield* page.deployments;
    if (page.next === null) return;
    before = page.next;
  }
}

/** The newest deployment that `wanted` says yes to, or null. */
export async function newestDeployment(
  api: Api,
  app: string,
  wanted: (deployment: DeploymentView) => boolean,
): Promise<DeploymentView | null> {
  for await (const deployment of allDeployments(api, app)) if (wanted(deployment)) return deployment;
  return null;
}

/** The deployment that a full id, or the beginning of one with or without its prefix, names. */
export async function findDeployment(api: Api, app: string, word: string): Promise<DeploymentView> {
  const beginning = word.startsWith('deployment_') ? word : `deployment_${word}`;
  if (beginning.length === 'deployment_'.length + 36) return api.get<DeploymentView>(paths.deployment(app, beginning));
  const isId = /^deployment_[0-9a-f-]{4,36}$/.test(beginning);
  const found = isId ? await newestDeployment(api, app, (deployment) => deployment.id.startsWith(beginning)) : null;
  if (found === null) {
    throw new CommandError(
      'notFound',
      'deployment_not_found',
      `There is no deployment "${word}" of this app. "teal deployments" lists them.`,
    );
  }
  return found;
}
