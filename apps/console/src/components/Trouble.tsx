/** A page that has nothing to show but why. */
import { Link } from 'react-router';
import { Notice } from './Notice.tsx';

export function Trouble({ title, error }: { title: string; error: Error }) {
  return (
    <>
      <h1>{title}</h1>
      <Notice kind="danger" title={error.message}>
        <p>
          <Link to="/">All apps</Link>
        </p>
      </Notice>
    </>
  );
}
