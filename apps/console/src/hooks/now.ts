/** The present, for ages and durations on show. It asks nobody: it only counts. */
import { useEffect, useState } from 'react';

/** Milliseconds since 1970, renewed every `everyMs`; stands still when that is null. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
