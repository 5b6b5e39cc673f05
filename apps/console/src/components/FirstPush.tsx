/** The next step of an app that nothing has been pushed to. */
import type { AppView } from '@teal/contracts';
import { CopyLine } from './CopyLine.tsx';
import classes from './FirstPush.module.css';

export function FirstPush({ app }: { app: AppView }) {
  return (
    <section aria-label="First push" className={classes.steps}>
      <h2>Push your code</h2>
      <p>
        In your project's git repository, name this app as a remote and push to it. It is built and started as you
        watch.
      </p>
      <CopyLine label="git remote add" text={`git remote add clever ${app.gitUrl}`} />
      <CopyLine label="git push" text={`git push clever ${app.deployBranch ?? 'main'}`} />
      <p>
        git asks for a name and a password: any name does, the password is an API token. A Dockerfile is used as it is;
        without one Teal knows Node, Python and static sites.
      </p>
    </section>
  );
}
