/** `teal notifications`: which mails about deployments one gets, and which members get who have not chosen. */
import type { NotificationsView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { usageError } from '../output/exit.ts';
import { chosenOrganisation } from './orgs.ts';

const KINDS = ['failures', 'successes'] as const;
type Kind = (typeof KINDS)[number];
const WORDS: Readonly<Record<string, boolean | null>> = { on: true, off: false, default: null };

export async function notifications(call: Call): Promise<void> {
  const api = await connect(call.io);
  const { id } = await chosenOrganisation(api, call.options.org);
  const address = paths.organisationNotifications(id);
  const before = await api.get<NotificationsView>(address);
  const changes = readChanges(call.words);
  const forAll = call.options.everybody === true;
  const after = Object.keys(changes).length === 0 ? before : await change();
  call.data(after);
  call.rows(KINDS.map((kind) => [kind, ...row(after, kind)]));

  function change(): Promise<NotificationsView> {
    if (!forAll) return api.put<NotificationsView>(paths.ownNotifications(id), { ...before.own, ...changes });
    if (Object.values(changes).includes(null)) throw usageError('with --everybody it is on or off.');
    return api.put<NotificationsView>(address, { ...before.organisation, ...changes });
  }
}

function readChanges(words: readonly string[]): Partial<Record<Kind, boolean | null>> {
  return Object.fromEntries(
    words.map((word) => {
      const [kind = '', value = ''] = word.split('=');
      const wish = WORDS[value];
      if (!KINDS.includes(kind as Kind) || wish === undefined)
        throw usageError(`"${word}" is not a choice: failures or successes, then =on, =off or =default.`);
      return [kind, wish];
    }),
  );
}

function row({ organisation, own }: NotificationsView, kind: Kind): string[] {
  const general = organisation[kind] ? 'on' : 'off';
  const mine = own?.[kind] ?? null;
  return [
    mine === null ? general : mine ? 'on' : 'off',
    mine === null ? 'as for everybody' : `for everybody: ${general}`,
  ];
}
