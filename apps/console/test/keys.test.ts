import type { ChangeEvent } from '@teal/contracts';
import { expect, it } from 'vitest';
import { concerns, keys } from '../src/api/keys.ts';
import { app, deployment } from './fixture.ts';

const change: ChangeEvent = { type: 'deployment', appId: 'app_1', deploymentId: 'deployment_1' };
const foreign: ChangeEvent = { ...change, appId: 'app_2' };

it('concerns the answers about the changed app, whether it was asked for by name or id', () => {
  expect(concerns(change, keys.app('hello'), app())).toBe(true);
  expect(concerns(change, keys.app('app_1'), app())).toBe(true);
  expect(concerns(change, keys.deployment('hello', 'deployment_1'), deployment())).toBe(true);
  expect(concerns(change, keys.deployments('hello'), { pages: [{ deployments: [deployment()], next: null }] })).toBe(
    true,
  );
});

it("leaves other apps' answers and the session alone", () => {
  expect(concerns(foreign, keys.app('hello'), app())).toBe(false);
  expect(concerns(foreign, keys.deployment('hello', 'deployment_1'), deployment())).toBe(false);
  expect(concerns(foreign, keys.deployments('hello'), { pages: [{ deployments: [deployment()], next: null }] })).toBe(
    false,
  );
  expect(concerns(change, keys.me, {})).toBe(false);
});

it('asks again for answers that are still on their way or say nothing of an app', () => {
  expect(concerns(change, keys.app('hello'), undefined)).toBe(true);
  expect(concerns(change, keys.deployments('hello'), { pages: [{ deployments: [], next: null }] })).toBe(true);
});
