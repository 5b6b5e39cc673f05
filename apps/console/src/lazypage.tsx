/** Pages whose script is loaded when they are first shown, and what is on show until then or when it does not come. */
import { Skeleton } from '@mantine/core';
import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';
import { Crash } from './components/Crash.tsx';

const TRIES = 3;
const PAUSE_MS = 500;

export function lazyPage(load: () => Promise<ComponentType>): () => ReactNode {
  const Page = lazy(async () => ({ default: await loadPatiently(load) }));
  return function LazyPage() {
    return (
      <Crash inPage>
        <Suspense fallback={<Skeleton height="16rem" />}>
          <Page />
        </Suspense>
      </Crash>
    );
  };
}

/** A connection that breaks in the middle of a page must not break the page. */
async function loadPatiently(load: () => Promise<ComponentType>): Promise<ComponentType> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await load();
    } catch (error) {
      if (attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
    }
  }
}
