/** `teal apps`: create, list, show and delete apps. */
import type { AppView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { listRemotes } from '../git/repository.ts';
import { cleanWord } from '../output/clean.ts';
import { usageError } from '../output/exit.ts';
import { ago } from '../output/moment.ts';
import { paintState } from '../output/paint.ts';
import { shortCommit, subject } from '../output/view.ts';
import { ask } from './ask.ts';

export async function createApp(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await api.post<AppView>(paths.apps(), { name: call.words[0], organisation: call.options.org });
  call.data(app);
  call.say(`${call.paint.green('✔')} created ${call.paint.bold(cleanWord(app.name))}`);
  if (call.json) return;
  const hasRemote = (await listRemotes(call.io)).some((remote) => remote.name === 'clever');
  call.say('');
  call.say(`  git remote ${hasRemote ? 'set-url' : 'add'} clever ${cleanWord(app.gitUrl)}`);
  call.say('  git push clever main');
}

export async function listApps(call: Call): Promise<void> {
  const api = await connect(call.io);
  const { apps } = await api.get<{ apps: AppView[] }>(paths.apps());
  call.data({ apps });
  if (apps.length === 0) call.note('No apps yet. "teal apps create NAME" makes one.');
  call.rows(
    apps.map((app) => [
      call.paint.bold(cleanWord(app.name)),
      paintState(call.paint, app.running?.state ?? (app.maintenance ? 'maintenance' : app.state)),
      app.live === null ? '' : call.paint.yellow(shortCommit(app.live.commit.commit)),
      app.live === null ? '' : subject(app.live.commit),
      app.live === null ? '' : call.paint.dim(ago(app.live.since, Date.now())),
      cleanWord(app.url),
    ]),
  );
}

export async function deleteApp(call: Call): Promise<void> {
  const name = call.words[0] ?? '';
  const api = await connect(call.io);
  const app = await api.get<AppView>(paths.app(name));
  if (call.options.yes !== true) await confirmDelete(call, app);
  await api.delete(paths.app(app.id));
  call.data({ deleted: { id: app.id, name: app.name } });
  call.say(`${call.paint.green('✔')} deleted ${cleanWord(app.name)}`);
}

async function confirmDelete(call: Call, app: AppView): Promise<void> {
  if (call.json || call.io.stdin.isTTY !== true) {
    throw usageError(`"apps delete" asks first. Without a terminal, say --yes to delete ${cleanWord(app.name)}.`);
  }
  const answer = await ask(call.io, {
    question: `Deletes ${cleanWord(app.name)} with its repository, versions and logs. Type its name to go on: `,
  });
  if (answer.trim() !== app.name) throw usageError(`that is not its name; ${cleanWord(app.name)} was not deleted.`);
}
