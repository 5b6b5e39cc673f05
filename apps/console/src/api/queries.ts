/** What pages read, kept fresh by live events. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import {
  appListSchema,
  appSchema,
  certificateListSchema,
  deploymentListSchema,
  deploymentSchema,
  environmentViewSchema,
  maintenanceSchema,
  paths,
  trafficSchema,
  usageSchema,
} from '@teal/contracts';
import { get } from './client.ts';
import { keys, type TrafficSpan } from './keys.ts';

export function useApps() {
  return useQuery({ queryKey: keys.apps, queryFn: ({ signal }) => get(paths.apps(), appListSchema, signal) });
}

export function useApp(nameOrId: string) {
  return useQuery({
    queryKey: keys.app(nameOrId),
    queryFn: ({ signal }) => get(paths.app(nameOrId), appSchema, signal),
  });
}

/** Newest first, page by page. */
export function useDeployments(nameOrId: string) {
  return useInfiniteQuery({
    queryKey: keys.deployments(nameOrId),
    initialPageParam: null as number | null,
    queryFn: ({ signal, pageParam }) => {
      const query = pageParam === null ? '' : `?before=${pageParam}`;
      return get(`${paths.deployments(nameOrId)}${query}`, deploymentListSchema, signal);
    },
    getNextPageParam: (page) => page.next,
  });
}

export function useDeployment(nameOrId: string, id: string) {
  return useQuery({
    queryKey: keys.deployment(nameOrId, id),
    queryFn: ({ signal }) => get(paths.deployment(nameOrId, id), deploymentSchema, signal),
  });
}

export function useEnvironment(nameOrId: string) {
  return useQuery({
    queryKey: keys.environment(nameOrId),
    queryFn: ({ signal }) => get(paths.environment(nameOrId), environmentViewSchema, signal),
  });
}

export function useMaintenancePage(nameOrId: string) {
  return useQuery({
    queryKey: keys.maintenance(nameOrId),
    queryFn: ({ signal }) => get(paths.maintenance(nameOrId), maintenanceSchema, signal),
  });
}

export function useCertificates() {
  return useQuery({
    queryKey: keys.certificates,
    queryFn: ({ signal }) => get(paths.certificates(), certificateListSchema, signal),
  });
}

/** The figures of the last `minutes`, added up over `step` of them. */
export function useTraffic(appId: string, span: TrafficSpan) {
  return useQuery({
    queryKey: keys.traffic(appId, span),
    queryFn: ({ signal }) =>
      get(`${paths.traffic(appId)}?minutes=${span.minutes}&step=${span.step}`, trafficSchema, signal),
    placeholderData: (before, query) => (query?.queryKey[1] === appId ? before : undefined),
  });
}

/** What the instances used in the last `minutes`. */
export function useUsage(appId: string, span: TrafficSpan) {
  return useQuery({
    queryKey: keys.usage(appId, span),
    queryFn: ({ signal }) =>
      get(`${paths.usage(appId)}?minutes=${span.minutes}&step=${span.step}`, usageSchema, signal),
    placeholderData: (before, query) => (query?.queryKey[1] === appId ? before : undefined),
  });
}
