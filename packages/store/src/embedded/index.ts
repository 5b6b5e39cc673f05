/** The embedded PostgreSQL: the binaries from npm under a supervisor of our own, on a unix socket only. */
export {
  type EmbeddedConnection,
  type EmbeddedOptions,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from './supervise.ts';
