/** Starts an instance's process; keeps nothing in mind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { TealError } from '@teal/core';
import type { BuildContext } from './build.ts';
import { ensureHome } from './build.ts';
import { composeEnvironment } from './environment.ts';
import { appFolder, readImage } from './image.ts';
import { openLog } from './logs.ts';
import type { InstanceRecord } from './record.ts';
import { identify, type ProcessIdentity } from './session.ts';

/** When memory runs out, the kernel takes an instance before Teal and its database. */
const OOM_SCORE = '500';

export interface Launched {
  child: ChildProcess;
  process: ProcessIdentity;
}

/** Throws `image_gone`, and `start_failed` when the process cannot be made. */
export async function launchProcess(context: BuildContext, record: InstanceRecord): Promise<Launched> {
  const { layout, options, tools } = context;
  const { spec, port } = record;
  const image = await readImage(layout, spec.imageRef);
  if (image === null) throw new TealError('image_gone');
  const folder = appFolder(layout, spec.imageRef);
  const home = await ensureHome(layout, spec.appId, options);
  const own = { ...spec.environment, PORT: String(port), INSTANCE_ID: spec.instanceId };
  const [file = '', ...args] = image.plan.run;
  const log = await openLog(layout.instance(spec.instanceId), options.runAs);
  try {
    const child = spawn(file, args, {
      ...(options.runAs ?? {}),
      cwd: folder,
      env: composeEnvironment({ tools, home, folder, plan: image.plan, operator: options.environment ?? {}, own }),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    // Read at once: until the exit event nobody else can have got the number.
    const process = child.pid === undefined ? null : identify(child.pid);
    if (process === null) throw (await once(child, 'error'))[0];
    child.on('error', () => {});
    child.unref();
    await writeFile(`/proc/${process.pid}/oom_score_adj`, OOM_SCORE).catch(() => {});
    return { child, process };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new TealError('start_failed', { detail }, { cause });
  } finally {
    await log.close();
  }
}
