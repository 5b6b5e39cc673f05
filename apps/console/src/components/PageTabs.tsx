/** The ways between pages that belong together; on a narrow screen they take as many lines as they need. */
import { NavLink } from 'react-router';
import classes from './PageTabs.module.css';

export interface PageTab {
  to: string;
  words: string;
  /** Its address begins those of the others. */
  first?: boolean;
}

export function PageTabs({ label, tabs }: { label: string; tabs: readonly PageTab[] }) {
  return (
    <nav aria-label={label} className={classes.pages}>
      {tabs.map(({ to, words, first = false }) => (
        <NavLink key={to} to={to} end={first}>
          {words}
        </NavLink>
      ))}
    </nav>
  );
}
