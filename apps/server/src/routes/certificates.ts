/** Certificates for HTTPS: list, add, remove. No answer holds a key. */
import { addCertificateSchema, type CertificateView, certificateListSchema, certificateSchema } from '@teal/contracts';
import { z } from 'zod';
import type { Fallback } from '../certificates/fallback.ts';
import { type ReadCertificate, readCertificate, refuseOutOfTime } from '../certificates/read.ts';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { newId } from '../ids.ts';
import type { Api, RouteDeps } from './deps.ts';

type Shown = Pick<ReadCertificate, 'issuer' | 'fingerprint' | 'notAfter'> & { names: readonly string[] };

function certificateView(id: string, origin: CertificateView['origin'], shown: Shown): CertificateView {
  const { issuer, fingerprint, notAfter } = shown;
  const expired = notAfter <= new Date();
  return { id, origin, names: [...shown.names], issuer, fingerprint, notAfter: notAfter.toISOString(), expired };
}

const fallbackView = (fallback: Fallback) => certificateView('default', fallback.origin, fallback);

export function certificateRoutes(api: Api, { store, certificates }: RouteDeps): void {
  const listRoute = { config: needs('platform.manage'), schema: { response: { 200: certificateListSchema } } };
  api.get('/certificates', listRoute, async () => {
    const uploaded = await certificates.list();
    const views = uploaded.map((certificate) => certificateView(certificate.id, 'uploaded', certificate));
    return { certificates: [...views, fallbackView(certificates.fallback)] };
  });

  const addSchema = { body: addCertificateSchema, response: { 201: certificateSchema } };
  const addRoute = { config: needs('platform.manage', 'platform.certificate-added'), schema: addSchema };
  api.post('/certificates', addRoute, async (request, reply) => {
    const read = readCertificate({ chainPem: request.body.certificate, keyPem: request.body.key });
    refuseOutOfTime(read, new Date());
    const { notBefore: _, ...facts } = read;
    const kept = await certificates.add(await store.accounts.firstOrganisationId(), {
      id: newId('certificate'),
      ...facts,
    });
    note(request, { facts: { id: kept.id, names: kept.names, fingerprint: kept.fingerprint } });
    return reply.status(201).send(certificateView(kept.id, 'uploaded', kept));
  });

  const removeSchema = { params: z.object({ id: z.string() }), response: { 204: z.null() } };
  const removeRoute = { config: needs('platform.manage', 'platform.certificate-removed'), schema: removeSchema };
  api.delete('/certificates/:id', removeRoute, async (request, reply) => {
    await certificates.remove(await store.accounts.firstOrganisationId(), request.params.id);
    note(request, { facts: { id: request.params.id } });
    return reply.status(204).send(null);
  });
}
