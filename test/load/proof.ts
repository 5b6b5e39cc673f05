/** The load proof: a real platform in a process of its own, an app on it, traffic, and everything that happens to platforms. */
import { BenchPlatform } from '../bench/platform.ts';
import { sweepDocker } from '../bench/sweep.ts';
import { until } from '../conformance/until.ts';
import { Repository } from '../e2e/repository.ts';
import { Collector } from './collector.ts';
import { Driver, pushVersion, type Scene } from './driver.ts';
import type { ProofOptions } from './options.ts';
import { type ProofReport, reportOf } from './report.ts';
import { TrafficThread } from './thread.ts';
import type { TrafficOptions } from './traffic.ts';

const APP = 'load-proof';
const SCALE = 2;
const DEADLINE_MS = 60_000;

export interface Surroundings {
  signal: AbortSignal;
  say(line: string): void;
}

/** Removes everything it made, whatever happens. Throws where the platform itself fails; losses are in the report. */
export async function runProof(options: ProofOptions, { signal, say }: Surroundings): Promise<ProofReport> {
  const steps: (() => Promise<void>)[] = [];
  try {
    const collector = await Collector.listen();
    steps.push(() => collector.close());
    say('starting the platform');
    const args = ['--no-install', ...(options.router === null ? [] : ['--router', options.router])];
    const platform = await BenchPlatform.start(signal, { engine: options.engine, args });
    if (options.engine === 'docker') steps.push(() => sweepDocker(platform.appIds));
    steps.push(() => platform.destroy());
    await platform.createApp(APP, { scale: SCALE });
    const repository = await Repository.create(platform.gitUrl(APP));
    steps.push(() => repository.remove());
    const address = { host: options.engine === 'docker' ? 'gateway' : '127.0.0.1', port: collector.port };
    const { engine } = options;
    const scene: Scene = { platform, engine, app: APP, scale: SCALE, repository, collector: address, signal, say };
    for (const version of ['v1', 'v2']) await pushVersion(scene, version, () => {});
    return await Promise.race([drive(options, scene, collector), platform.lost, aborted(signal)]);
  } finally {
    for (const step of steps.toReversed()) await step().catch((error) => say(`clearing up failed: ${error}`));
  }
}

async function drive(options: ProofOptions, scene: Scene, collector: Collector): Promise<ProofReport> {
  const beganAt = performance.now();
  const thread = new TrafficThread(trafficOptions(options, scene.platform), 'v2');
  try {
    const driver = new Driver(scene, thread);
    await Promise.race([runPhases(options, driver), thread.ended]);
    const { verdict, wentAway } = await thread.stop();
    // The last lines may still be on their way: a POST that was answered was told before.
    const told = () => collector.missing(verdict.answeredIds).length === 0;
    await until('every answered POST was told', told, DEADLINE_MS / 12).catch(() => {});
    return reportOf({
      verdict,
      wentAway,
      duplicates: collector.duplicates(),
      missing: collector.missing(verdict.answeredIds),
      deeds: driver.deeds,
      routerBackMs: driver.routerBackMs,
      router: scene.platform.router,
      engine: scene.engine,
      durationMs: performance.now() - beganAt,
    });
  } finally {
    await thread.destroy();
  }
}

/** Half of the flips before everything else, half after it, to see that all is as it was. */
async function runPhases(options: ProofOptions, driver: Driver): Promise<void> {
  const { asleepEvery, requests, deployments } = options;
  const first = Math.ceil(options.flips / 2);
  await driver.flips(first, { asleepEvery, untilRequests: requests * 0.45 });
  await driver.deployments(Array.from({ length: deployments }, (_, i) => `v${i + 3}`));
  await driver.instanceKills(options.instanceKills);
  await driver.routerKills(options.routerKills);
  await driver.restarts(options.restarts, 'SIGTERM');
  await driver.restarts(options.platformKills, 'SIGKILL');
  await driver.flips(options.flips - first, { asleepEvery, untilRequests: requests });
}

function trafficOptions(options: ProofOptions, platform: BenchPlatform): TrafficOptions {
  const { connections, ratePerSecond, eventsMs, webSocketMs } = options;
  return {
    address: platform.routerAddress,
    // The embedded router speaks no HTTP/2.
    secureAddress: platform.router === 'haproxy' ? platform.secureAddress : null,
    host: platform.hostOf(APP),
    connections,
    ratePerSecond,
    eventsMs,
    webSocketMs,
  };
}

/** Rejects at once when the signal aborts: what still runs is ended by the clean-up. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
