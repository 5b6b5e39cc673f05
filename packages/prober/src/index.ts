/** Asks an instance over HTTP; decides nothing. */
export { createProber } from './probe.ts';
