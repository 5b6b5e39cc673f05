import { expect, it } from 'vitest';
import { startLastOffer } from '../src/view/startlast.ts';
import { app, commit, deployment, NOW } from './fixture.ts';

const failed = deployment({ state: 'failed', commit: commit('9be07d4') });
const offer = (facts: Parameters<typeof app>[0]) => startLastOffer(app(facts), NOW, 'UTC');

it('names what it starts and when that was live', () => {
  expect(offer({})).toEqual({ enabled: true, sentence: 'starts 3f2c1a4, version of 14:02 (asleep: answers at once)' });
});

it('says that the failed push is not what it starts', () => {
  expect(offer({ lastDeployment: failed }).sentence).toBe(
    'starts 3f2c1a4, version of 14:02 (asleep: answers at once); not the failed 9be07d4',
  );
});

it('does not call the started commit failed when the same commit failed later', () => {
  expect(offer({ lastDeployment: { ...failed, commit: commit('3f2c1a4') } }).sentence).not.toContain('failed');
});

it('tells what a version that is off or has no image needs', () => {
  const { previous } = app();
  if (previous === null) throw new Error('the fixture has a previous version');
  expect(offer({ previous: { ...previous, standing: 'off' } }).sentence).toContain('off: starts from its kept image');
  expect(offer({ previous: { ...previous, standing: 'no-image' } }).sentence).toContain('builds again');
});

it('gives the date of a version that is not of today', () => {
  const { previous } = app();
  if (previous === null) throw new Error('the fixture has a previous version');
  expect(offer({ previous: { ...previous, liveAt: '2026-11-20T08:05:00Z' } }).sentence).toContain(
    'version of 20 Nov, 08:05',
  );
});

it('cannot be pressed while a deployment runs, and still says what it would start', () => {
  const running = deployment({ state: 'building' });
  const { enabled, sentence } = offer({ running });
  expect(enabled).toBe(false);
  expect(sentence).toMatch(/^starts 3f2c1a4, .* Wait until/);
});

it('says why there is nothing to start', () => {
  expect(offer({ previous: null })).toEqual({
    enabled: false,
    sentence: 'no earlier version to start: only b81d02e has been live',
  });
  expect(offer({ previous: null, live: null, state: 'empty' }).sentence).toBe('no version has been live yet');
});
