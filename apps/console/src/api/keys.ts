/** The names under which answers are kept, and which of them a change concerns. */
import type { AppView, ChangeEvent, DeploymentView } from '@teal/contracts';

export interface TrafficSpan {
  minutes: number;
  step: number;
}

export const keys = {
  me: ['me'] as const,
  signInWays: ['sign-in-ways'] as const,
  apps: ['apps'] as const,
  app: (nameOrId: string) => ['app', nameOrId] as const,
  deployments: (nameOrId: string) => ['deployments', nameOrId] as const,
  deployment: (nameOrId: string, id: string) => ['deployment', nameOrId, id] as const,
  environment: (nameOrId: string) => ['environment', nameOrId] as const,
  maintenance: (nameOrId: string) => ['maintenance', nameOrId] as const,
  certificates: ['certificates'] as const,
  members: (organisation: string) => ['members', organisation] as const,
  invitations: (organisation: string) => ['invitations', organisation] as const,
  tokens: (owner: unknown) => ['tokens', owner] as const,
  sshKeys: (owner: unknown) => ['ssh-keys', owner] as const,
  webhooks: (owner: unknown) => ['webhooks', owner] as const,
  deliveries: (owner: unknown, id: string) => ['webhooks', owner, id] as const,
  notifications: (organisation: string) => ['notifications', organisation] as const,
  activity: (of: unknown) => ['activity', of] as const,
  /** By id: what tells of new figures names apps by their id. */
  traffic: (appId: string, span: TrafficSpan) => ['traffic', appId, span] as const,
  usage: (appId: string, span: TrafficSpan) => ['usage', appId, span] as const,
};

type Pages = { pages: { deployments: DeploymentView[] }[] };

/** True when the answer kept under `key` may differ after `change`; one still on its way always may. */
export function concerns(change: ChangeEvent, key: readonly unknown[], data: unknown): boolean {
  switch (key[0]) {
    case 'app':
      return data === undefined || (data as AppView).id === change.appId;
    case 'deployments': {
      const first = (data as Pages | undefined)?.pages[0]?.deployments[0];
      return first === undefined || first.appId === change.appId;
    }
    case 'deployment':
      return data === undefined || (data as DeploymentView).appId === change.appId;
    // these answers do not name their app, and are cheap to ask for
    case 'environment':
    case 'maintenance':
      return change.type === 'app';
    default:
      return false;
  }
}
