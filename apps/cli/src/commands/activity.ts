/** `teal activity`: who did what, of an app or of an organisation. */
import type { ActivityView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { cleanWord } from '../output/clean.ts';
import { chosenOrganisation } from './orgs.ts';

const SHOWN = 20;
const FACTS_CHARACTERS = 100;

export async function activity(call: Call): Promise<void> {
  const { app, org, lines = SHOWN } = call.options;
  const api = await connect(call.io);
  const path =
    app === undefined ? paths.organisationActivity((await chosenOrganisation(api, org)).id) : paths.appActivity(app);
  const limit = Math.min(200, Math.max(1, lines));
  const { entries } = await api.get<{ entries: ActivityView[] }>(`${path}?limit=${limit}`);
  call.data({ entries });
  call.rows(entries.map((entry) => row(call, entry)));
}

function row({ paint }: Call, { at, actor, address, action, app, facts }: ActivityView): string[] {
  const detail = Object.keys(facts).length === 0 ? '' : JSON.stringify(facts);
  return [
    paint.dim(cleanWord(at).slice(0, 19).replace('T', ' ')),
    paint.bold(cleanWord(actor.name)),
    cleanWord(action),
    cleanWord(app?.name ?? ''),
    cleanWord(address ?? ''),
    paint.dim(cleanWord(detail).slice(0, FACTS_CHARACTERS)),
  ];
}
