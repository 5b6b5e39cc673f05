/** The whole environment of the programs run for PostgreSQL: nothing of Teal's own. */
export const POSTGRES_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
