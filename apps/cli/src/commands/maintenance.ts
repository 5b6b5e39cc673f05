/** `teal maintenance`: shows visitors a page in place of the app, and the app again. */
import type { AppView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanWord } from '../output/clean.ts';
import { readNamed } from './files.ts';

export async function maintenanceOn(call: Call): Promise<void> {
  const body = await pageOf(call);
  const api = await connect(call.io);
  const app = await api.put<AppView>(paths.maintenance(await resolveApp(call, api.server, call.words[0])), body);
  call.data(app);
  call.say(`${call.paint.green('✔')} ${cleanWord(app.name)} is in maintenance; "teal maintenance off" ends it`);
}

export async function maintenanceOff(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await api.delete<AppView>(paths.maintenance(await resolveApp(call, api.server, call.words[0])));
  call.data(app);
  call.say(`${call.paint.green('✔')} ${cleanWord(app.name)} answers again`);
}

/** Without either option the app keeps the page it has. */
async function pageOf(call: Call): Promise<{ page?: string | null }> {
  const { page } = call.options;
  if (page === undefined) return {};
  return { page: page === false ? null : await readNamed(call, '--page', page) };
}
