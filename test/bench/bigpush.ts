/** Part "big-push": the memory that a push of incompressible data takes, on a branch that does not deploy. */
import { randomFillSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { peakWhile, type Sample, sampleMemory } from './memory.ts';
import { createSubject, type Subject, type Work } from './work.ts';

export interface BigPushFigures {
  push_200mib_rss_mib: number;
  /** Before the push. */
  idle_mib: number;
  /** The highest of HAProxy and its supervisor; not in the other figures. 0 with the embedded router. */
  data_plane_mib: number;
  pushes: readonly { what: string; peak: Sample; durationMs: number }[];
}

const MIB = 1024 * 1024;

/** The same amount as one file and as many: git treats them differently. The worse of the two counts. */
export async function measureBigPush(work: Work): Promise<BigPushFigures> {
  const { platform, options } = work;
  const subject = await createSubject(work, 'bench-big');
  await platform.call('PATCH', `/apps/${subject.name}`, { deployBranch: 'main' });
  await subject.repository.commit('start', work.files);
  const idle = await sampleMemory(platform.pid);
  const pushes = [
    await pushData(work, subject, { branch: 'one-file', files: 1, mibEach: options.bigPushMib }),
    await pushData(work, subject, { branch: 'many-files', files: options.bigPushMib, mibEach: 1 }),
  ];
  return {
    push_200mib_rss_mib: Math.max(...pushes.map(({ peak }) => peak.pssMib)),
    idle_mib: idle.pssMib,
    data_plane_mib: Math.max(idle.dataPlaneMib, ...pushes.map(({ peak }) => peak.dataPlaneMib)),
    pushes,
  };
}

async function pushData(
  work: Work,
  { repository }: Subject,
  { branch, files, mibEach }: { branch: string; files: number; mibEach: number },
): Promise<BigPushFigures['pushes'][number]> {
  await repository.git('checkout', '-q', '-b', branch, 'main');
  for (let file = 1; file <= files; file += 1) await writeRandom(join(repository.dir, `data-${file}`), mibEach);
  await repository.commit('data', {});
  const began = performance.now();
  const { peak, done, samples } = await peakWhile(work.platform.pid, () => repository.push('clever', branch));
  const durationMs = performance.now() - began;
  if (done.code !== 0) throw new Error(`the big push failed\n${done.stderr}`);
  const what = files === 1 ? `1 file of ${mibEach} MiB` : `${files} files of ${mibEach} MiB`;
  work.say(
    `${what}: ${peak.pssMib.toFixed(0)} MiB at the peak of ${samples} samples in ${(durationMs / 1000).toFixed(1)} s`,
  );
  return { what, peak, durationMs };
}

async function writeRandom(path: string, mib: number): Promise<void> {
  const file = await open(path, 'w');
  const block = Buffer.alloc(MIB);
  for (let written = 0; written < mib; written += 1) await file.write(randomFillSync(block));
  await file.close();
}
