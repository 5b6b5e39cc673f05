/** Who belongs to the organisation, as what, and who is invited. */
import { Button, TextInput } from '@mantine/core';
import { type InvitationView, isAtLeast, type MemberView, ROLES, type Role } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { useChangeRole, useInvitations, useInvite, useMembers, useRemoveMember, useWithdraw } from '../api/people.ts';
import { useMay, useSignedIn } from '../api/session.ts';
import { Age } from '../components/Age.tsx';
import { AskFirst } from '../components/AskFirst.tsx';
import { Choice } from '../components/Choice.tsx';
import { Listing } from '../components/Listing.tsx';
import { Notice } from '../components/Notice.tsx';
import { Panel } from '../components/Panel.tsx';
import { Quote } from '../components/Quote.tsx';
import { Row } from '../components/Rows.tsx';
import type { Organisation } from '../hooks/organisation.tsx';
import { useTitle } from '../hooks/title.ts';
import { ROLE_WORDS } from '../view/roles.ts';
import { visibleText } from '../view/visible.ts';
import { useFramedOrganisation } from './Organisation.tsx';
import classes from './Page.module.css';

/** The roles that somebody of this role may give. */
function rolesUpTo(own: Role) {
  return ROLES.filter((role) => isAtLeast(own, role)).map((role) => ({ value: role, label: role }));
}

export function Members() {
  useTitle('Members');
  const organisation = useFramedOrganisation();
  const may = useMay(organisation.id);
  const { data, error } = useMembers(organisation.id);
  const mayManage = may('organisation.members');
  return (
    <>
      <header>
        <h1>Members</h1>
        <p>
          A viewer {ROLE_WORDS.viewer}; a developer also {ROLE_WORDS.developer}; a manager {ROLE_WORDS.manager}; an
          admin {ROLE_WORDS.admin}.
        </p>
      </header>
      <Listing
        label="Members"
        error={error}
        items={data?.members}
        row={(member) => (
          <Member key={member.userId} organisation={organisation} member={member} mayManage={mayManage} />
        )}
      />
      {mayManage && <Invitations organisation={organisation} />}
    </>
  );
}

interface MemberProps {
  organisation: Organisation;
  member: MemberView;
  mayManage: boolean;
}

function Member({ organisation, member, mayManage }: MemberProps) {
  const change = useChangeRole(organisation.id);
  const remove = useRemoveMember(organisation.id);
  const isSelf = useSignedIn().user.id === member.userId;
  const changeable = mayManage && isAtLeast(organisation.role, member.role);
  const name = visibleText(member.name);
  return (
    <Row
      title={
        <>
          <Quote text={member.name} />
          {isSelf && ' (you)'}
        </>
      }
      facts={[
        member.email === null ? null : <Quote key="email" text={member.email} />,
        <span key="since">
          since <Age at={member.since} form="span" />
        </span>,
      ]}
    >
      {changeable ? (
        <Choice
          label={`Role of ${name}`}
          quiet
          value={member.role}
          options={rolesUpTo(organisation.role)}
          disabled={change.isPending}
          onChange={(role) => change.mutate({ userId: member.userId, role })}
        />
      ) : (
        member.role
      )}
      {changeable && !isSelf && (
        <AskFirst
          words="Remove"
          label={`Remove ${name}`}
          title={`Remove ${name}?`}
          action="Remove"
          deed={remove}
          onConfirm={(done) => remove.mutate(member.userId, { onSuccess: done })}
        >
          <p>
            They see nothing of this organisation any more. Tokens of the organisation that they made go on working.
          </p>
        </AskFirst>
      )}
      {change.error !== null && <Notice kind="danger" title={change.error.message} />}
    </Row>
  );
}

function Invitations({ organisation }: { organisation: Organisation }) {
  const { data, error } = useInvitations(organisation.id, true);
  const { mailbox } = useSignedIn().platform;
  const about = mailbox
    ? 'No mail server is set up: the mail goes to the platform’s own mailbox, which “teal mailbox” shows.'
    : 'They get a mail with a link that is good once, for a week, and for that address only.';
  return (
    <Panel title="Invite somebody" about={about}>
      <Invite organisation={organisation} />
      <Listing
        label="Invitations"
        error={error}
        items={data?.invitations}
        row={(invitation) => <Invited key={invitation.id} organisation={organisation} invitation={invitation} />}
      />
    </Panel>
  );
}

function Invite({ organisation }: { organisation: Organisation }) {
  const invite = useInvite(organisation.id);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (email.trim() !== '') invite.mutate({ email: email.trim(), role }, { onSuccess: () => setEmail('') });
  };
  return (
    <>
      <form onSubmit={submit} className={classes.form} noValidate>
        <TextInput
          label="E-mail address"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          autoComplete="off"
        />
        <Choice label="Role" value={role} options={rolesUpTo(organisation.role)} onChange={(next) => setRole(next)} />
        <Button type="submit" loading={invite.isPending}>
          Send invitation
        </Button>
      </form>
      {invite.error !== null && <Notice kind="danger" title={invite.error.message} />}
    </>
  );
}

function Invited({ organisation, invitation }: { organisation: Organisation; invitation: InvitationView }) {
  const withdraw = useWithdraw(organisation.id);
  return (
    <Row
      title={<Quote text={invitation.email} />}
      facts={[
        `invited as ${invitation.role}`,
        <span key="at">
          <Age at={invitation.createdAt} />
        </span>,
        `good until ${new Date(invitation.expiresAt).toLocaleDateString()}`,
      ]}
    >
      <Button
        variant="default"
        size="compact-sm"
        aria-label={`Withdraw the invitation of ${visibleText(invitation.email)}`}
        loading={withdraw.isPending}
        onClick={() => withdraw.mutate(invitation.id)}
      >
        Withdraw
      </Button>
    </Row>
  );
}
