/** Counts what a page's scripts weigh on the wire, as the browser received them. */
import type { Page } from 'playwright-core';

export interface Scripts {
  /** Bodies as they were transferred: compressed where the server compressed them. */
  bytes(): number;
}

export async function watchScripts(page: Page): Promise<Scripts> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const scripts = new Map<string, number>();
  session.on('Network.responseReceived', ({ requestId, type, response }) => {
    if (type === 'Script' || /\.js(\?|$)/.test(response.url)) scripts.set(requestId, 0);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) scripts.set(requestId, encodedDataLength);
  });
  return { bytes: () => [...scripts.values()].reduce((sum, size) => sum + size, 0) };
}
