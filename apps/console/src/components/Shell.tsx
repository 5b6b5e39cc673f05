/** The frame around every page: identity, session, connection, and what the platform is. */
import { Button } from '@mantine/core';
import type { Me } from '@teal/contracts';
import type { ReactNode } from 'react';
import { Link, NavLink } from 'react-router';
import { useLiveEvents } from '../api/events.ts';
import { useSignOut } from '../api/session.ts';
import { OrganisationProvider } from '../hooks/organisation.tsx';
import { Brand } from './Brand.tsx';
import { Connection } from './Connection.tsx';
import { OrganisationChoice } from './OrganisationChoice.tsx';
import { Scheme } from './Scheme.tsx';
import classes from './Shell.module.css';

export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const connection = useLiveEvents();
  return (
    <OrganisationProvider me={me}>
      <div className={classes.shell}>
        <a className={classes.skip} href="#content">
          Skip to content
        </a>
        <Header me={me} />
        <Connection state={connection} />
        <main id="content" className={classes.main} tabIndex={-1}>
          {children}
        </main>
        <Footer platform={me.platform} />
      </div>
    </OrganisationProvider>
  );
}

function Header({ me }: { me: Me }) {
  const signOut = useSignOut();
  return (
    <header className={classes.header}>
      <Link to="/" className={classes.brand} aria-label="Teal: all apps">
        <Brand />
      </Link>
      <OrganisationChoice me={me} />
      <nav aria-label="Console" className={classes.ways}>
        <NavLink to="/organisation">Organisation</NavLink>
        {me.platformAdmin && <NavLink to="/certificates">Certificates</NavLink>}
        <NavLink to="/account">Account</NavLink>
      </nav>
      <Scheme />
      <Button variant="default" size="compact-sm" onClick={() => signOut.mutate()} loading={signOut.isPending}>
        Sign out
      </Button>
    </header>
  );
}

function Footer({ platform }: { platform: Me['platform'] }) {
  return (
    <footer className={classes.footer}>
      <span>Teal {platform.version}</span>
      <span>engine {platform.engine}</span>
      <span>router {platform.router}</span>
      {!platform.isolated && <strong>Apps are not isolated from each other and from the platform.</strong>}
    </footer>
  );
}
