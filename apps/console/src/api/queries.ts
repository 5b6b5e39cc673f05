/** What pages read: apps and deployments, kept fresh by live events. */
import { useQuery } from '@tanstack/react-query';
import { appListSchema, appSchema, deploymentListSchema, deploymentSchema, paths } from '@teal/contracts';
import { get } from './client.ts';
import { keys } from './keys.ts';

export function useApps() {
  return useQuery({ queryKey: keys.apps, queryFn: ({ signal }) => get(paths.apps(), appListSchema, signal) });
}

export function useApp(nameOrId: string) {
  return useQuery({
    queryKey: keys.app(nameOrId),
    queryFn: ({ signal }) => get(paths.app(nameOrId), appSchema, signal),
  });
}

/** The newest deployments, newest first. */
export function useDeployments(nameOrId: string) {
  return useQuery({
    queryKey: keys.deployments(nameOrId),
    queryFn: ({ signal }) => get(paths.deployments(nameOrId), deploymentListSchema, signal),
  });
}

export function useDeployment(nameOrId: string, id: string) {
  return useQuery({
    queryKey: keys.deployment(nameOrId, id),
    queryFn: ({ signal }) => get(paths.deployment(nameOrId, id), deploymentSchema, signal),
  });
}
