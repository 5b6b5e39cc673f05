/** How long ago something was, or how long it has lasted; the exact moment on pointing at it. */
import { useNow } from '../hooks/now.ts';
import { formatSpan } from '../view/time.ts';

const MINUTE_MS = 60_000;

export function Age({ at, form = 'ago' }: { at: string; form?: 'ago' | 'span' }) {
  const atMs = Date.parse(at);
  const young = Date.now() - atMs < MINUTE_MS;
  const now = useNow(young ? 1_000 : MINUTE_MS / 2);
  return (
    <time dateTime={at} title={new Date(atMs).toLocaleString()}>
      {formatSpan(now - atMs)}
      {form === 'ago' && ' ago'}
    </time>
  );
}
