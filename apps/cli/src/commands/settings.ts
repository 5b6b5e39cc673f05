/** `teal settings`: shows an app's settings, or changes those named. The server judges the values. */
import type { AppView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanWord } from '../output/clean.ts';
import { parsePairs } from './env.ts';

export async function settings(call: Call): Promise<void> {
  const api = await connect(call.io);
  const body = call.words.length === 0 ? null : settingsBody(parsePairs(call.words));
  const path = paths.app(await resolveApp(call, api.server));
  const app = body === null ? await api.get<AppView>(path) : await api.patch<AppView>(path, body);
  const shown = { ...app.settings, deployBranch: app.deployBranch };
  call.data(shown);
  call.rows(Object.entries(shown).map(([name, value]) => [name, cleanWord(String(value ?? 'main or master'))]));
  if (app.pendingConfiguration)
    call.note('Not in force yet: "teal redeploy" starts the live version again with these.');
}

/** Names may be written as in the API (`afterFlip`) or with dashes (`after-flip`); numbers become numbers, true and false what they say. */
function settingsBody(pairs: Record<string, string>): Record<string, unknown> {
  const { deployBranch, ...others } = Object.fromEntries(
    Object.entries(pairs).map(([name, value]) => [
      name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
  const changed = Object.entries(others).map(([name, value]) => [name, typed(value ?? '')]);
  return {
    ...(changed.length === 0 ? {} : { settings: Object.fromEntries(changed) }),
    ...(deployBranch === undefined ? {} : { deployBranch: deployBranch === '' ? null : deployBranch }),
  };
}

function typed(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}
