/** `teal demo`: the whole story in five scenes. */
import type { Call } from '../call.ts';
import { runDemo } from '../demo/demo.ts';
import { usageError } from '../output/exit.ts';

const ENGINES = ['auto', 'docker', 'process'];

export async function demo(call: Call): Promise<void> {
  const engine = call.options.engine ?? 'auto';
  if (!ENGINES.includes(engine)) throw usageError(`--engine is auto, docker or process, not "${engine}".`);
  await runDemo(call);
}
