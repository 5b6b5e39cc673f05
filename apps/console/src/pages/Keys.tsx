/** One's own public keys for git over SSH. */
import { KeyRows } from '../components/KeyRows.tsx';
import { useTitle } from '../hooks/title.ts';

export function OwnKeys() {
  useTitle('SSH keys');
  return (
    <>
      <header>
        <h1>SSH keys</h1>
        <p>With one of these, git pushes over SSH as you. Keys of one app only are among that app's settings.</p>
      </header>
      <KeyRows owner="self" />
    </>
  );
}
