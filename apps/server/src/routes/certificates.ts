/** Certificates for HTTPS: list, add, remove. No answer holds a key. */
import { addCertificateSchema, type CertificateView, certificateListSchema, certificateSchema } from '@teal/contracts';
import { z } from 'zod';
import type { Fallback } from '../certificates/fallback.ts';
import { type ReadCertificate, readCertificate, refuseOutOfTime } from '../certificates/read.ts';
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
  api.get('/certificates', { schema: { response: { 200: certificateListSchema } } }, async (request) => {
    const uploaded = await store.certificates.list(request.principal.organisationId);
    const views = uploaded.map((certificate) => certificateView(certificate.id, 'uploaded', certificate));
    return { certificates: [...views, fallbackView(certificates.fallback)] };
  });

  const addSchema = { body: addCertificateSchema, response: { 201: certificateSchema } };
  api.post('/certificates', { schema: addSchema }, async (request, reply) => {
    const read = readCertificate({ chainPem: request.body.certificate, keyPem: request.body.key });
    refuseOutOfTime(read, new Date());
    const { notBefore: _, ...facts } = read;
    const kept = await certificates.add(request.principal.organisationId, { id: newId('certificate'), ...facts });
    return reply.status(201).send(certificateView(kept.id, 'uploaded', kept));
  });

  const removeSchema = { params: z.object({ id: z.string() }), response: { 204: z.null() } };
  api.delete('/certificates/:id', { schema: removeSchema }, async (request, reply) => {
    await certificates.remove(request.principal.organisationId, request.params.id);
    return reply.status(204).send(null);
  });
}
