/** What is on show when the console itself has failed. */
import { Component, type ReactNode } from 'react';
import classes from './Crash.module.css';

export class Crash extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <main className={classes.crash} role="alert">
        <h1>The console has failed</h1>
        <p>Your apps are not affected. Reload the page; if it fails again, the command line does the same.</p>
        <button type="button" onClick={() => window.location.reload()}>
          Reload
        </button>
      </main>
    );
  }
}
