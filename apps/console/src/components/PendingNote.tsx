/** Says that variables or settings changed since the live version was started. */
import type { AppView } from '@teal/contracts';
import { Notice } from './Notice.tsx';

export function PendingNote({ app }: { app: AppView }) {
  if (!app.pendingConfiguration || app.live === null) return null;
  return (
    <Notice kind="warn" title="Changed variables or settings are not in force yet">
      <p>The live version runs with those it was started with. Redeploy applies the new ones.</p>
    </Notice>
  );
}
