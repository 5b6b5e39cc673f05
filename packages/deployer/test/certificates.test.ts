import { expect, it } from 'vitest';
import { type Certificate, createCertificateKeeper, type StoredCertificate, withoutOverlap } from '../src/index.ts';

const certificate = (id: string, names: string[]): Certificate => ({ id, names, chainPem: id, keyPem: id });
const shown = (certificates: readonly Certificate[]) => certificates.map(({ id, names }) => [id, names]);

it('serves each name with the newest certificate that has it, and the rest with the default one', () => {
  const fallback = certificate('default', ['*.teal.test', 'teal.test']);
  expect(shown(withoutOverlap(fallback, []))).toEqual([['default', ['*.teal.test', 'teal.test']]]);
  const uploaded = [
    certificate('new', ['a.test', '*.teal.test']),
    certificate('old', ['a.test', 'b.test']),
    certificate('older', ['b.test']),
  ];
  expect(shown(withoutOverlap(fallback, uploaded))).toEqual([
    ['default', ['teal.test']],
    ['new', ['a.test', '*.teal.test']],
    ['old', ['b.test']],
  ]);
});

it('ends with what the rows say, however many changes come at once and one fails', async () => {
  const rows: StoredCertificate[] = [];
  const told: string[][] = [];
  let fails = true;
  const keeper = createCertificateKeeper(
    {
      store: {
        certificates: {
          all: async () => [...rows],
          add: async (_organisationId: string, given: StoredCertificate) => {
            rows.unshift(given);
            return given;
          },
        } as never,
      },
      router: {
        async setCertificates(certificates) {
          if (fails) {
            fails = false;
            throw new Error('the router is away');
          }
          // The later one waits for the earlier one, or this would end in disorder.
          for (let turn = told.length; turn < 5; turn += 1) await Promise.resolve();
          told.push(certificates.map(({ id }) => id));
        },
      },
    },
    certificate('default', []),
  );
  const made = (id: string) => ({
    ...certificate(id, [`${id}.test`]),
    issuer: '',
    fingerprint: id,
    notAfter: new Date(),
  });
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => keeper.add('orga_1', made(id))));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(told.at(-1)).toEqual(['default', 'c', 'b', 'a']);
});
