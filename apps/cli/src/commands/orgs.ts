/** `teal orgs` and `teal members`: organisations, who belongs to them, and invitations. */
import type { InvitationView, MemberView, OrganisationView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { type Api, connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { cleanWord } from '../output/clean.ts';
import { CommandError, usageError } from '../output/exit.ts';
import { ago } from '../output/moment.ts';
import { ask, readPiped } from './ask.ts';

/** The one that `--org` names by id or name; without it, the only one. */
export async function chosenOrganisation(api: Api, named: string | undefined): Promise<OrganisationView> {
  const { organisations } = await api.get<{ organisations: OrganisationView[] }>(paths.organisations());
  const fitting = organisations.filter(({ id, name }) => named === undefined || id === named || name === named);
  const [organisation, second] = fitting;
  if (organisation !== undefined && second === undefined) return organisation;
  if (organisation === undefined && named !== undefined)
    throw new CommandError('notFound', 'organisation_not_found', `You belong to no organisation "${named}".`);
  throw usageError('say which organisation is meant: --org, and a name or id of "teal orgs list".');
}

export async function listOrganisations(call: Call): Promise<void> {
  const api = await connect(call.io);
  const { organisations } = await api.get<{ organisations: OrganisationView[] }>(paths.organisations());
  call.data({ organisations });
  call.rows(organisations.map(({ id, name, role }) => [call.paint.bold(cleanWord(name)), role, cleanWord(id)]));
}

export async function createOrganisation(call: Call): Promise<void> {
  const api = await connect(call.io);
  const made = await api.post<OrganisationView>(paths.organisations(), { name: call.words[0] });
  call.data(made);
  call.say(`${call.paint.green('✔')} made ${cleanWord(made.name)}; you are its admin`);
}

export async function leaveOrganisation(call: Call): Promise<void> {
  const api = await connect(call.io);
  const organisation = await chosenOrganisation(api, call.words[0]);
  await api.delete(paths.membership(organisation.id));
  call.data({ left: organisation });
  call.say(`${call.paint.green('✔')} left ${cleanWord(organisation.name)}`);
}

/** Accepts an invitation, as who is signed in. */
export async function joinOrganisation(call: Call): Promise<void> {
  const { io } = call;
  const typed =
    call.words[0] ?? (io.stdin.isTTY === true ? await ask(io, { question: 'Link: ' }) : await readPiped(io));
  const secret = typed.trim().split('#').at(-1) ?? '';
  const api = await connect(io);
  const me = await api.post<{ organisations: OrganisationView[] }>(paths.acceptInvitation(), { secret });
  call.data({ organisations: me.organisations });
  call.say(`${call.paint.green('✔')} joined; "teal orgs list" shows your organisations`);
}

export async function listMembers(call: Call): Promise<void> {
  const api = await connect(call.io);
  const { id, role } = await chosenOrganisation(api, call.options.org);
  const { members } = await api.get<{ members: MemberView[] }>(paths.members(id));
  const invites = role === 'admin' || role === 'manager';
  const { invitations } = invites
    ? await api.get<{ invitations: InvitationView[] }>(paths.invitations(id))
    : { invitations: [] };
  call.data({ members, invitations });
  const nowMs = Date.now();
  call.rows([
    ...members.map((member) => [
      call.paint.bold(cleanWord(member.email ?? member.name)),
      member.role,
      cleanWord(member.name),
      `since ${ago(member.since, nowMs)}`,
    ]),
    ...invitations.map((entry) => [cleanWord(entry.email), entry.role, '', `invited ${ago(entry.createdAt, nowMs)}`]),
  ]);
}

export async function inviteMember(call: Call): Promise<void> {
  const api = await connect(call.io);
  const { id } = await chosenOrganisation(api, call.options.org);
  const body = { email: call.words[0], role: call.options.role ?? 'developer' };
  const invitation = await api.post<InvitationView>(paths.invitations(id), body);
  call.data(invitation);
  call.say(`${call.paint.green('✔')} invited ${cleanWord(invitation.email)} as ${invitation.role}, by mail`);
}

export async function changeMember(call: Call): Promise<void> {
  const { api, organisation, member } = await namedMember(call);
  const changed = await api.patch<MemberView>(paths.member(organisation.id, member.userId), { role: call.words[1] });
  call.data(changed);
  call.say(`${call.paint.green('✔')} ${cleanWord(changed.email ?? changed.name)} is ${changed.role} now`);
}

export async function removeMember(call: Call): Promise<void> {
  const { api, organisation, member } = await namedMember(call);
  await api.delete(paths.member(organisation.id, member.userId));
  call.data({ removed: member });
  call.say(`${call.paint.green('✔')} removed ${cleanWord(member.email ?? member.name)}`);
}

async function namedMember(call: Call) {
  const word = call.words[0] ?? '';
  const api = await connect(call.io);
  const organisation = await chosenOrganisation(api, call.options.org);
  const { members } = await api.get<{ members: MemberView[] }>(paths.members(organisation.id));
  const member = members.find(({ userId, email }) => userId === word || email === word.toLowerCase());
  if (member === undefined)
    throw new CommandError(
      'notFound',
      'member_not_found',
      `There is no member "${word}". "teal members list" has them.`,
    );
  return { api, organisation, member };
}
