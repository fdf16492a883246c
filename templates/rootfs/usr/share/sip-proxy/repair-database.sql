-- Grants what Kamailio's role needs in a database that another role has created (kamdbctl create): rights on the schema and on
-- tables that hosts use, and a sequence that is not behind rows with explicit ids. Owners do not change. Each query returns
-- missing statements. The caller sets role, and begins the transaction.
SELECT format('GRANT %s ON SCHEMA public TO %I', p, :'role')
FROM unnest(ARRAY['USAGE', 'CREATE']) AS p
WHERE NOT has_schema_privilege(:'role', 'public', p) \gexec

SELECT format('GRANT %s ON TABLE public.%I TO %I', p, c.relname, :'role')
FROM (VALUES ('dispatcher', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']), ('version', ARRAY['SELECT', 'INSERT', 'UPDATE']))
  AS needed (name, rights)
JOIN pg_class AS c ON c.relname = needed.name AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p'),
  unnest(needed.rights) AS p
WHERE NOT has_table_privilege(:'role', c.oid, p) \gexec

WITH sequence AS MATERIALIZED (
  SELECT pg_get_serial_sequence(format('public.%I', relname), 'id') AS name
  FROM pg_class WHERE relname IN ('dispatcher', 'version') AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'id' AND NOT attisdropped)
)
SELECT format('GRANT USAGE ON SEQUENCE %s TO %I', name, :'role')
FROM sequence
WHERE name IS NOT NULL AND NOT has_sequence_privilege(:'role', name, 'USAGE') \gexec

-- The lock prevents inserts while the sequence is set. The sequence is never set back.
WITH sequence AS MATERIALIZED (
  SELECT oid, relname, pg_get_serial_sequence(format('public.%I', relname), 'id') AS name
  FROM pg_class WHERE relname IN ('dispatcher', 'version') AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'id' AND NOT attisdropped)
), readable AS MATERIALIZED (
  SELECT relname, name FROM sequence
  WHERE name IS NOT NULL AND has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'UPDATE')
    AND has_sequence_privilege(name, 'SELECT') AND has_sequence_privilege(name, 'UPDATE')
), behind AS MATERIALIZED (
  SELECT relname, name, (xpath('//max/text()',
    query_to_xml(format('SELECT max(id) FROM public.%I', relname), false, true, '')))[1]::text::bigint AS highest
  FROM readable
)
SELECT format('LOCK TABLE public.%I IN SHARE ROW EXCLUSIVE MODE; '
  'SELECT setval(%L, greatest(last_value, (SELECT max(id) FROM public.%I))) FROM %s', relname, name, relname, name)
FROM behind WHERE highest > COALESCE(pg_sequence_last_value(name::regclass), 0) \gexec
