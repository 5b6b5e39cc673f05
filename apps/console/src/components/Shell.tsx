/** The frame around every page: identity, session, connection, and what the platform is. */
import { Button } from '@mantine/core';
import type { Me } from '@teal/contracts';
import { type ReactNode, useEffect, useRef } from 'react';
import { Link, NavLink, useLocation } from 'react-router';
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
  return (
    <header className={classes.header}>
      <Link to="/" className={classes.brand} aria-label="Teal: all apps">
        <Brand />
      </Link>
      <OrganisationChoice me={me} />
      <div className={classes.wide}>
        <Ways me={me} />
      </div>
      <Scheme />
      <div className={classes.wide}>
        <SignOut />
      </div>
      <Menu me={me} />
    </header>
  );
}

function Ways({ me }: { me: Me }) {
  return (
    <nav aria-label="Console" className={classes.ways}>
      <NavLink to="/organisation">Organisation</NavLink>
      {me.platformAdmin && <NavLink to="/certificates">Certificates</NavLink>}
      <NavLink to="/account">Account</NavLink>
    </nav>
  );
}

function SignOut() {
  const signOut = useSignOut();
  return (
    <Button variant="default" size="compact-sm" onClick={() => signOut.mutate()} loading={signOut.isPending}>
      Sign out
    </Button>
  );
}

/** The same on a narrow screen: the browser's own popover knows Escape and where the focus goes. */
function Menu({ me }: { me: Me }) {
  const menu = useRef<HTMLDivElement>(null);
  const { key } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: it closes once it has led somewhere
  useEffect(() => menu.current?.hidePopover(), [key]);
  return (
    <div className={classes.narrow}>
      <Button variant="default" size="compact-sm" popoverTarget="menu">
        Menu
      </Button>
      <div ref={menu} id="menu" popover="auto" className={classes.menu}>
        <Ways me={me} />
        <SignOut />
      </div>
    </div>
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
