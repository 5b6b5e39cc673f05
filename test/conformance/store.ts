/** What every store must do; each adapter's test calls this with a maker of its own. */
import { describe } from 'vitest';
import { leaseCases } from './lease.ts';
import { appCases } from './store/apps.ts';
import { deploymentCases } from './store/deployments.ts';
import { certificateCases, domainCases, maintenanceCases } from './store/domains.ts';
import type { MakeStore } from './store/fixture.ts';
import { historyCases } from './store/history.ts';
import { logCases, outboxCases, reservationCases } from './store/outbox.ts';
import { pushCases } from './store/pushes.ts';
import { trafficCases } from './store/traffic.ts';

export { type MakeStore, MEMBER, type StoreUnderTest } from './store/fixture.ts';

export function storeConformance(name: string, make: MakeStore): void {
  describe(`${name} store`, () => {
    describe('a lease', () => leaseCases(make));
    describe('a push', () => pushCases(make));
    describe('deployments', () => deploymentCases(make));
    describe('old deployments', () => historyCases(make));
    describe('apps', () => appCases(make));
    describe('domains', () => domainCases(make));
    describe('maintenance', () => maintenanceCases(make));
    describe('certificates', () => certificateCases(make));
    describe('the outbox', () => outboxCases(make));
    describe('logs', () => logCases(make));
    describe('reservations', () => reservationCases(make));
    describe('traffic figures', () => trafficCases(make));
  });
}
