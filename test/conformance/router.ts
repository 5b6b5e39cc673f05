/** What every router must do; each adapter's test calls this with a maker of its own. */
import { describe } from 'vitest';
import { accessLogCases } from './router/accessLog.ts';
import { bodyCases } from './router/bodies.ts';
import { drainCases } from './router/drain.ts';
import { House, holder, type MakeRouter, until } from './router/fixture.ts';
import { flagCases } from './router/flags.ts';
import { headerCases } from './router/headers.ts';
import { httpsCases } from './router/https.ts';
import { loadCases } from './router/load.ts';
import { memberCases } from './router/members.ts';
import { type RouterPortSubject, routerPortCases } from './router/port.ts';
import { routingCases } from './router/routing.ts';
import { smugglingCases } from './router/smuggling.ts';
import { staleCases } from './router/stale.ts';
import { trafficCases } from './router/traffic.ts';
import { webSocketCases } from './router/websocket.ts';

export type { MakeOptions, MakeRouter, RouterUnderTest } from './router/fixture.ts';

export function routerConformance(name: string, make: MakeRouter): void {
  describe(`${name} router`, () => {
    describe('what the port tells', () => routerPortCases(() => subjectOf(make)));
    describe('routing', () => routingCases(make));
    describe('what is in flight', () => drainCases(make));
    describe('headers', () => headerCases(make));
    describe('requests with two readings', () => smugglingCases(make));
    describe('bodies', () => bodyCases(make));
    describe('connections that close under a request', () => staleCases(make));
    describe('WebSockets', () => webSocketCases(make));
    describe('maintenance and redirects', () => flagCases(make));
    describe('HTTPS', () => httpsCases(make));
    describe('several members', () => memberCases(make));
    describe('traffic figures', () => trafficCases(make));
    describe('the access log', () => accessLogCases(make));
    describe('under load', () => loadCases(make));
  });
}

/** A real router with a real request in flight. */
async function subjectOf(make: MakeRouter): Promise<RouterPortSubject> {
  const house = new House(await make());
  return {
    router: house.router,
    async busy() {
      const { held, options } = holder();
      await house.live('one', options);
      const asking = house.ask({ path: '/hold' });
      await until('the request arrives', () => held.length === 1);
      return async () => {
        held[0]?.end();
        await asking;
      };
    },
    close: () => house.close(),
  };
}
