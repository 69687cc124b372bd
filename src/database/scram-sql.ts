/** HMAC-SHA-256 of `text` by the pads of a key. */
const hmac = (pads: string, text: string): string => `sha256(${pads}.o || sha256(${pads}.i || ${text}))`

/** One pad of the key in the column `k` of `from`: each of its 64 bytes XOR `byte`. */
const pad = (byte: number): string =>
  `(SELECT decode(string_agg(lpad(to_hex(get_byte(k, n) # ${byte}), 2, '0'), '' ORDER BY n), 'hex') FROM generate_series(0, 63) n)`

/**
 * A query for psql that answers, in a column of the name `as`, what PostgreSQL stores of the password in the variable `from`
 * (RFC 5802, as scram.ts does it). The server reckons it in a SELECT, so that the CREATE or ALTER ROLE afterwards holds no
 * password: those are what a server writes into its log when they fail, and what pg_stat_statements keeps word for word.
 */
export const verifierSql = (from: string, as: string): string => `WITH RECURSIVE
 given AS (SELECT convert_to(:'${from}', 'UTF8') AS g, uuid_send(gen_random_uuid()) AS salt),
 short AS (SELECT CASE WHEN octet_length(g) > 64 THEN sha256(g) ELSE g END AS s, salt FROM given),
 key AS (SELECT s || decode(repeat('00', 64 - octet_length(s)), 'hex') AS k, salt FROM short),
 a AS MATERIALIZED (SELECT ${pad(0x36)} AS i, ${pad(0x5c)} AS o, salt FROM key),
 u AS (
  SELECT 1 AS n, f.h, ('x' || encode(f.h, 'hex'))::bit(256) AS x FROM (SELECT ${hmac('a', "a.salt || decode('00000001', 'hex')")} AS h FROM a) f
  UNION ALL
  SELECT u.n + 1, f.h, (u.x # ('x' || encode(f.h, 'hex'))::bit(256))::bit(256) FROM u, a, LATERAL (SELECT ${hmac('a', 'u.h')} AS h) f WHERE u.n < 4096),
 salted AS (SELECT decode(string_agg(lpad(to_hex(substring(x FROM 1 + 32 * j FOR 32)::bit(32)::int), 8, '0'), '' ORDER BY j), 'hex')
   || decode(repeat('00', 32), 'hex') AS k FROM u, generate_series(0, 7) j WHERE u.n = 4096),
 b AS MATERIALIZED (SELECT ${pad(0x36)} AS i, ${pad(0x5c)} AS o FROM salted)
SELECT 'SCRAM-SHA-256$4096:' || encode(a.salt, 'base64') || '$' || encode(sha256(${hmac('b', `'Client Key'::bytea`)}), 'base64')
 || ':' || encode(${hmac('b', `'Server Key'::bytea`)}, 'base64') AS ${as} FROM a, b`
