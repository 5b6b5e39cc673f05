/** Schemas of the HTTP API and live events; every type is inferred from its schema. */
export * from './account.ts';
export * from './activity.ts';
export * from './app.ts';
export * from './deployment.ts';
export * from './error.ts';
export * from './event.ts';
export * from './hosts.ts';
export * from './key.ts';
export * from './notification.ts';
export * from './organisation.ts';
export * from './paths.ts';
export * from './traffic.ts';
export * from './usage.ts';
export * from './webhook.ts';
