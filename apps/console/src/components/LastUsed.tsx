/** When a token or key was last used, as one fact of a row. */
import { Age } from './Age.tsx';

export function LastUsed({ at }: { at: string | null }) {
  if (at === null) return 'never used';
  return (
    <span>
      used <Age at={at} />
    </span>
  );
}
