/** Which mails about deployments members get, and the organisation's webhooks. */
import { Checkbox, Skeleton } from '@mantine/core';
import type { NotificationsView } from '@teal/contracts';
import { useNotifications, useSetOrganisationMails, useSetOwnMails } from '../api/news.ts';
import { useMay } from '../api/session.ts';
import { Choice } from '../components/Choice.tsx';
import { Notice } from '../components/Notice.tsx';
import { Panel } from '../components/Panel.tsx';
import { Webhooks } from '../components/Webhooks.tsx';
import { useTitle } from '../hooks/title.ts';
import { useFramedOrganisation } from './Organisation.tsx';
import classes from './Page.module.css';

const KINDS = [
  { kind: 'failures', words: 'Deployments that failed' },
  { kind: 'successes', words: 'Deployments that went live' },
] as const;

export function Notifications() {
  useTitle('Notifications');
  const { id } = useFramedOrganisation();
  const may = useMay(id);
  const { data, error } = useNotifications(id);
  return (
    <>
      <header>
        <h1>Notifications</h1>
        <p>Who is told what becomes of deployments, by mail or by a request to a service of yours.</p>
      </header>
      {error !== null && <Notice kind="danger" title={error.message} />}
      {data === undefined && error === null && <Skeleton height="8rem" />}
      {data?.own != null && may('organisation.mails') && <OwnMails organisation={id} wishes={data} />}
      {data !== undefined && may('organisation.notifications') && <OrganisationMails organisation={id} wishes={data} />}
      {may('organisation.notifications') && (
        <Webhooks
          owner={{ organisation: id }}
          about="Of all apps of the organisation. One app's own are among its settings."
        />
      )}
    </>
  );
}

interface MailsProps {
  organisation: string;
  wishes: NotificationsView;
}

function OwnMails({ organisation, wishes }: MailsProps) {
  const set = useSetOwnMails(organisation);
  const own = wishes.own ?? { failures: null, successes: null };
  return (
    <Panel title="Mails to you" about="In this organisation; nobody else's mails change.">
      <div className={classes.narrow}>
        {KINDS.map(({ kind, words }) => (
          <Choice
            key={kind}
            label={words}
            value={String(own[kind])}
            options={[
              { value: 'null', label: `as the organisation says: ${wishes.organisation[kind] ? 'mail' : 'no mail'}` },
              { value: 'true', label: 'mail' },
              { value: 'false', label: 'no mail' },
            ]}
            disabled={set.isPending}
            onChange={(value) => set.mutate({ ...own, [kind]: value === 'null' ? null : value === 'true' })}
          />
        ))}
      </div>
      {set.error !== null && <Notice kind="danger" title={set.error.message} />}
    </Panel>
  );
}

function OrganisationMails({ organisation, wishes }: MailsProps) {
  const set = useSetOrganisationMails(organisation);
  return (
    <Panel title="Mails to members who did not choose">
      {KINDS.map(({ kind, words }) => (
        <Checkbox
          key={kind}
          label={words}
          checked={wishes.organisation[kind]}
          disabled={set.isPending}
          onChange={({ currentTarget }) => set.mutate({ ...wishes.organisation, [kind]: currentTarget.checked })}
        />
      ))}
      {set.error !== null && <Notice kind="danger" title={set.error.message} />}
    </Panel>
  );
}
