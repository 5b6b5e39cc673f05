import type { LogLineView } from '@teal/contracts';
import { expect, it } from 'vitest';
import { causesOf, probeResults } from '../src/view/causes.ts';
import { deployment } from './fixture.ts';

const line = (text: string, source: LogLineView['source'] = 'teal', phase: LogLineView['phase'] = 'probing') => ({
  sequence: 1,
  at: 0,
  phase,
  source,
  text,
});
const refused = deployment({
  state: 'failed',
  failure: { phase: 'probing', code: 'gate_refused', reason: 'The new version never became healthy.' },
});
const found = 'It listens on 127.0.0.1 only: listen on 0.0.0.0 port 8080 (the PORT variable).';

it('gives what the platform found out before what usually is the matter', () => {
  expect(causesOf(refused, [line('Instance 0: GET / answered 500'), line(found), line(found)])).toEqual([found]);
  expect(causesOf(refused, [line(found, 'app')])).toEqual([expect.stringContaining('does not answer as it must')]);
});

it('knows no cause of a success', () => {
  expect(causesOf(deployment(), [line(found)])).toEqual([]);
});

it('takes only the platform’s own words for answers of the checks', () => {
  const said = 'Instance 0: GET / answered 200';
  expect(
    probeResults([line(said), line(said, 'app'), line(said, 'teal', 'building'), line('==> probing')]),
  ).toHaveLength(1);
});
