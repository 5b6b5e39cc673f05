/** The record of who did what: in an organisation, to an app, or by oneself. */
import { Button } from '@mantine/core';
import { ACTIONS, type ActivityView } from '@teal/contracts';
import { type ActivityOf, useActivity } from '../api/people.ts';
import { Age } from '../components/Age.tsx';
import { Listing } from '../components/Listing.tsx';
import { Quote } from '../components/Quote.tsx';
import { Row } from '../components/Rows.tsx';
import { useTitle } from '../hooks/title.ts';
import { factWords } from '../view/facts.ts';
import { useFramedApp } from './AppFrame.tsx';
import { useFramedOrganisation } from './Organisation.tsx';
import classes from './Page.module.css';

export function OrganisationActivity() {
  return <Activity of={{ organisation: useFramedOrganisation().id }} about="Who did what in this organisation." />;
}

export function AppActivity() {
  const app = useFramedApp();
  return (
    <div className={classes.page}>
      <Activity of={{ app: app.name }} about={`Who did what to ${app.name}.`} />
    </div>
  );
}

export function OwnActivity() {
  return <Activity of="self" about="What was done with your account. Something you don't know? Change the password." />;
}

function Activity({ of, about }: { of: ActivityOf; about: string }) {
  useTitle('Activity');
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useActivity(of);
  const entries = data?.pages.flatMap((page) => page.entries);
  return (
    <>
      <header>
        <h1>Activity</h1>
        <p>{about} Nothing in it can be changed or taken away.</p>
      </header>
      <Listing
        label="Activity"
        error={error}
        items={entries}
        empty="Nothing has been done yet."
        row={(entry) => <Entry key={entry.sequence} entry={entry} ofApp={typeof of === 'object' && 'app' in of} />}
      />
      {hasNextPage && (
        <div>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
            Show older
          </Button>
        </div>
      )}
    </>
  );
}

function Entry({ entry, ofApp }: { entry: ActivityView; ofApp: boolean }) {
  const { actor, action, app, address, facts } = entry;
  return (
    <Row
      title={
        <>
          <Quote text={actor.name} /> {ACTIONS[action]}
          {app !== null && !ofApp && (
            <>
              : <Quote text={app.name} />
            </>
          )}
        </>
      }
      facts={[
        <Age key="at" at={entry.at} />,
        actor.token === null ? null : (
          <span key="token">
            by token <Quote text={actor.token} />
          </span>
        ),
        address === null ? null : `from ${address}`,
        ...factWords(facts).map((words) => <Quote key={words} text={words} />),
      ]}
    />
  );
}
