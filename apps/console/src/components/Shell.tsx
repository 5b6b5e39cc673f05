/** The frame around every page: identity, session, connection, and what the platform is. */
import { Button } from '@mantine/core';
import type { Me } from '@teal/contracts';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useLiveEvents } from '../api/events.ts';
import { useSignOut } from '../api/session.ts';
import { Brand } from './Brand.tsx';
import { Connection } from './Connection.tsx';
import { Scheme } from './Scheme.tsx';
import classes from './Shell.module.css';

export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const connection = useLiveEvents();
  const signOut = useSignOut();
  const { platform } = me;
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <header className={classes.header}>
        <Link to="/" className={classes.brand} aria-label="Teal: all apps">
          <Brand />
        </Link>
        <span className={classes.organisation}>{me.organisation?.name}</span>
        <Scheme />
        <Button variant="default" size="compact-sm" onClick={() => signOut.mutate()} loading={signOut.isPending}>
          Sign out
        </Button>
      </header>
      <Connection state={connection} />
      <main id="content" className={classes.main} tabIndex={-1}>
        {children}
      </main>
      <footer className={classes.footer}>
        <span>Teal {platform.version}</span>
        <span>engine {platform.engine}</span>
        <span>router {platform.router}</span>
        {!platform.isolated && <strong>Apps are not isolated from each other and from the platform.</strong>}
      </footer>
    </div>
  );
}
