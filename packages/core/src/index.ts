/** The rules of Teal. No I/O, no clock, no dependencies. */
export * from './activity.ts';
export * from './colour.ts';
export * from './deployment.ts';
export * from './domain.ts';
export * from './error.ts';
export * from './gate.ts';
export * from './id.ts';
export * from './logline.ts';
export * from './model.ts';
export * from './name.ts';
export * from './permission.ts';
export * from './plan.ts';
export * from './push.ts';
export * from './release.ts';
export * from './route.ts';
export * from './settings.ts';
export * from './traffic.ts';
