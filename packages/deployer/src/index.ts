/** The use cases of Teal and the ports they stand on. */
export type { PushRequest } from './acceptPush.ts';
export type { AppChange } from './changeApp.ts';
export type { Context, DeployerSettings, Logger } from './context.ts';
export { createDeployer, type Deployer } from './deployer.ts';
export type { Follow, FollowOptions } from './followDeployment.ts';
export * from './ports/clock.ts';
export * from './ports/engine.ts';
export * from './ports/mail.ts';
export * from './ports/prober.ts';
export * from './ports/queue.ts';
export * from './ports/router.ts';
export * from './ports/source.ts';
export * from './ports/store.ts';
export { configurationDigest } from './prepareRelease.ts';
export { createTrafficRecorder, type TrafficRecorder, type TrafficRecorderOptions } from './recordTraffic.ts';
export type { Requested, ReviveRequest } from './requestDeployment.ts';
export { type CertificateKeeper, createCertificateKeeper, withoutOverlap } from './serveCertificates.ts';
