/** `teal stop`: takes an app out of service until `teal start`. */
import type { AppView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanWord } from '../output/clean.ts';

export async function stop(call: Call): Promise<void> {
  const api = await connect(call.io);
  const name = await resolveApp(call, api.server, call.words[0]);
  await api.post(paths.stop(name));
  const app = await api.get<AppView>(paths.app(name));
  call.data(app);
  call.say(`${call.paint.green('✔')} stopped ${cleanWord(app.name)}; "teal start" starts it again`);
}
