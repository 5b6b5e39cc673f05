/** A router in a process of its own; its test calls the port's methods over the channel to its parent. */
import { isTealError } from '@teal/core';
import { openRouter, type RouterKind } from './routers.ts';

interface Call {
  id: number;
  method: string;
  args: unknown[];
}

const router = await openRouter(process.argv[2] as RouterKind, process.argv[3] ?? '');
const tell = (message: object) => process.send?.(message);

process.on('message', async ({ id, method, args }: Call) => {
  try {
    const run = (router as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
    tell({ id, value: await run?.apply(router, args) });
  } catch (error) {
    tell({ id, error: { message: (error as Error).message, code: isTealError(error) ? error.code : null } });
  }
});
process.once('disconnect', () => router.close().finally(() => process.exit(0)));
tell({ id: 0, value: router.publicAddress() });
