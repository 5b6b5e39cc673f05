/** Part "revive": from the request to start the sleeping previous version to its first answer. */
import { textOf } from './hello.ts';
import { firstAnswer } from './poll.ts';
import { rest } from './rest.ts';
import { median, quantile } from './statistics.ts';
import { createSubject, pushVersion, type Subject, type Work } from './work.ts';

export interface ReviveFigures {
  revives: number;
  revive_asleep_ms: number;
  revive_asleep_p95_ms: number;
}

const DEADLINE_MS = 60_000;

/** An app on which versions `a` and `b` can be switched back and forth; `b` is live. */
export async function createTwoVersions(work: Work, name: string): Promise<Subject> {
  const subject = await createSubject(work, name);
  for (const version of ['a', 'b']) {
    await pushVersion(work, subject, version);
    await rest(work.platform, name);
  }
  return subject;
}

export async function measureRevives(work: Work): Promise<ReviveFigures> {
  const subject = await createTwoVersions(work, 'bench-revive');
  const times: number[] = [];
  for (let round = 1; round <= work.options.pairs; round += 1) {
    const ms = await reviveOnce(work, subject, round % 2 === 1 ? 'a' : 'b');
    times.push(ms);
    work.say(`revive ${round}: ${Math.round(ms)} ms`);
  }
  return { revives: times.length, revive_asleep_ms: median(times), revive_asleep_p95_ms: quantile(times, 0.95) };
}

async function reviveOnce({ platform, signal }: Work, subject: Subject, version: string): Promise<number> {
  const app = await rest(platform, subject.name);
  if (app.previous?.standing !== 'asleep') throw new Error(`the previous version is ${app.previous?.standing}`);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const began = performance.now();
  const asked = platform.call('POST', `/apps/${subject.name}/start-last-pushed-commit`, {
    expectedLive: app.live?.deploymentId,
  });
  const [answered, { status }] = await Promise.all([firstAnswer(subject.target, textOf(version), deadline), asked]);
  if (status >= 300) throw new Error(`the revive was answered ${status}`);
  return answered - began;
}
