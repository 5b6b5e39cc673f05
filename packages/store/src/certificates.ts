/** Certificates for HTTPS; their keys are sealed. Judges neither. */
import type { Certificates, NewCertificate } from '@teal/deployer';
import type pg from 'pg';
import { one, type Query, transaction } from './database.ts';
import { type Row, toCertificate } from './rows.ts';
import { certificateKey } from './secrets/sealedFields.ts';
import type { Sealer } from './secrets/sealer.ts';

const COLUMNS = 'id, names, issuer, fingerprint, not_after, chain_pem, key_pem, created_at';

export function createCertificates(pool: pg.Pool, sealer: Sealer): Certificates {
  const select = async (condition: string, values: unknown[]) => {
    const { rows } = await pool.query<Row>(
      `select ${COLUMNS} from certificates where ${condition} order by created_at desc, id`,
      values,
    );
    return rows.map((row) => toCertificate(row, sealer));
  };

  return {
    list: (organisationId) => select('organisation_id = $1', [organisationId]),
    all: () => select('organisation_id is not null', []),
    add: (organisationId, certificate) => insert({ query: pool, sealer }, organisationId, certificate),
    async remove(organisationId, id) {
      const gone = await pool.query('delete from certificates where organisation_id = $1 and id = $2', [
        organisationId,
        id,
      ]);
      return gone.rowCount === 1;
    },
    async own() {
      return (await select('organisation_id is null', []))[0] ?? null;
    },
    replaceOwn: (certificate) =>
      transaction(pool, async (client) => {
        await client.query('delete from certificates where organisation_id is null');
        return insert({ query: client, sealer }, null, certificate);
      }),
  };
}

async function insert(
  { query, sealer }: { query: Query; sealer: Sealer },
  organisationId: string | null,
  certificate: NewCertificate,
) {
  const { id, names, issuer, fingerprint, notAfter, chainPem, keyPem } = certificate;
  const sealed = certificateKey.seal(sealer, fingerprint, keyPem);
  const row = await one<Row>(
    query,
    `insert into certificates (id, organisation_id, names, issuer, fingerprint, not_after, chain_pem, key_pem)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (organisation_id, fingerprint)
     do update set chain_pem = excluded.chain_pem, key_pem = excluded.key_pem, created_at = clock_timestamp()
     returning ${COLUMNS}`,
    [id, organisationId, names, issuer, fingerprint, notAfter, chainPem, sealed],
  );
  return toCertificate(row as Row, sealer);
}
