/** What is on show when the console itself, or the script of one of its pages, has failed. */
import { Component, type ReactNode } from 'react';
import classes from './Crash.module.css';

export class Crash extends Component<{ children: ReactNode; inPage?: boolean }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    const Element = this.props.inPage ? 'section' : 'main';
    return (
      <Element className={classes.crash} role="alert">
        <h1>{this.props.inPage ? 'This page could not be shown' : 'The console has failed'}</h1>
        <p>Your apps are not affected. Reload the page; if it fails again, the command line does the same.</p>
        <button type="button" onClick={() => window.location.reload()}>
          Reload
        </button>
      </Element>
    );
  }
}
