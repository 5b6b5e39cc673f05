/** The frame of everything about one organisation: who belongs to it, its tokens, and what was done in it. */
import { Outlet, useOutletContext } from 'react-router';
import { useMay } from '../api/session.ts';
import { PageTabs } from '../components/PageTabs.tsx';
import { Quote } from '../components/Quote.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { type Organisation, useOrganisation } from '../hooks/organisation.tsx';
import classes from './Page.module.css';

const PAGES = [
  ['/organisation', 'Members', 'organisation.read'],
  ['/organisation/tokens', 'Tokens', 'organisation.tokens'],
  ['/organisation/activity', 'Activity', 'organisation.activity'],
  ['/organisation/notifications', 'Notifications', 'organisation.read'],
  ['/organisation/settings', 'Settings', 'organisation.read'],
] as const;

export function OrganisationFrame() {
  const { organisation } = useOrganisation();
  const may = useMay(organisation?.id ?? '');
  if (organisation === null)
    return <Trouble title="Organisation" error={new Error('You belong to no organisation.')} />;
  const tabs = PAGES.filter(([, , permission]) => may(permission));
  return (
    <div className={classes.page}>
      <p className={classes.name}>
        <Quote text={organisation.name} />
      </p>
      <PageTabs
        label="Pages of the organisation"
        tabs={tabs.map(([to, words], index) => ({ to, words, first: index === 0 }))}
      />
      <Outlet key={organisation.id} context={organisation} />
    </div>
  );
}

/** The organisation that the frame is about. */
export function useFramedOrganisation(): Organisation {
  return useOutletContext<Organisation>();
}
