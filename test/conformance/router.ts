/** What every router must do; each adapter's test calls this with a maker of its own. */
import { describe } from 'vitest';
import { bodyCases } from './router/bodies.ts';
import { drainCases } from './router/drain.ts';
import type { MakeRouter } from './router/fixture.ts';
import { headerCases } from './router/headers.ts';
import { loadCases } from './router/load.ts';
import { routingCases } from './router/routing.ts';
import { smugglingCases } from './router/smuggling.ts';
import { staleCases } from './router/stale.ts';
import { webSocketCases } from './router/websocket.ts';

export type { MakeRouter, RouterUnderTest } from './router/fixture.ts';

export function routerConformance(name: string, make: MakeRouter): void {
  describe(`${name} router`, () => {
    describe('routing', () => routingCases(make));
    describe('what is in flight', () => drainCases(make));
    describe('headers', () => headerCases(make));
    describe('requests with two readings', () => smugglingCases(make));
    describe('bodies', () => bodyCases(make));
    describe('connections that close under a request', () => staleCases(make));
    describe('WebSockets', () => webSocketCases(make));
    describe('under load', () => loadCases(make));
  });
}
