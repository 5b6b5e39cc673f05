/** `teal env`: an app's variables. Nothing is deployed by it. */
import type { EnvironmentView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanText, cleanWord } from '../output/clean.ts';
import { usageError } from '../output/exit.ts';

export async function listVariables(call: Call): Promise<void> {
  const api = await connect(call.io);
  const view = await api.get<EnvironmentView>(paths.environment(await resolveApp(call, api.server)));
  call.data(view);
  for (const [name, value] of Object.entries(view.variables).sort(([a], [b]) => a.localeCompare(b, 'en'))) {
    call.say(`${call.paint.bold(cleanWord(name))}=${cleanText(value)}`);
  }
  notePending(call, view);
}

export async function setVariables(call: Call): Promise<void> {
  await change(call, { set: parsePairs(call.words) });
}

export async function unsetVariables(call: Call): Promise<void> {
  await change(call, { unset: [...call.words] });
}

async function change(call: Call, body: { set?: Record<string, string>; unset?: string[] }): Promise<void> {
  const api = await connect(call.io);
  const view = await api.patch<EnvironmentView>(paths.environment(await resolveApp(call, api.server)), body);
  call.data(view);
  const verb = body.set === undefined ? 'removed' : 'set';
  call.say(
    `${call.paint.green('✔')} ${verb} ${Object.keys(body.set ?? {})
      .concat(body.unset ?? [])
      .map(cleanWord)
      .join(', ')}`,
  );
  notePending(call, view);
}

function notePending(call: Call, view: EnvironmentView): void {
  if (view.pending) call.note('Not in force yet: "teal redeploy" starts the live version again with these.');
}

/** `K=V` words as a record; everything after the first `=` is the value. */
export function parsePairs(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const end = word.indexOf('=');
      if (end < 1) throw usageError(`"${word}" is not NAME=VALUE.`);
      return [word.slice(0, end), word.slice(end + 1)];
    }),
  );
}
