/** An address that nothing is at. */
import { Trouble } from '../components/Trouble.tsx';
import { useTitle } from '../hooks/title.ts';

export function NotFound() {
  useTitle('Not found');
  return <Trouble title="Not found" error={new Error('There is nothing at this address.')} />;
}
