/** The use cases of Teal and the ports they stand on. */
export * from './ports/clock.ts';
export * from './ports/engine.ts';
export * from './ports/mail.ts';
export * from './ports/prober.ts';
export * from './ports/queue.ts';
export * from './ports/router.ts';
export * from './ports/source.ts';
export * from './ports/store.ts';
