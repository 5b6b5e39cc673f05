/** The frame of everything about oneself. */
import { Outlet } from 'react-router';
import { useSignedIn } from '../api/session.ts';
import { PageTabs } from '../components/PageTabs.tsx';
import { Quote } from '../components/Quote.tsx';
import classes from './Page.module.css';

export function AccountFrame() {
  const { user, permissions } = useSignedIn();
  const manage = permissions.self.includes('self.manage');
  const tabs = [
    { to: '/account', words: 'Sign-in', first: true },
    ...(manage
      ? [
          { to: '/account/tokens', words: 'Tokens' },
          { to: '/account/keys', words: 'SSH keys' },
        ]
      : []),
    { to: '/account/activity', words: 'Activity' },
  ];
  return (
    <div className={classes.page}>
      <p className={classes.name}>
        <Quote text={user.name} />
      </p>
      <PageTabs label="Pages of your account" tabs={tabs} />
      <Outlet />
    </div>
  );
}
