CREATE TABLE IF NOT EXISTS sip_proxy_seed (
  fleet varchar(63) NOT NULL,
  generation integer NOT NULL,
  digest char(64) NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (fleet, generation, digest)
);
CREATE TABLE IF NOT EXISTS sip_proxy_destination (
  fleet varchar(63) NOT NULL,
  setid integer NOT NULL,
  destination varchar(192) NOT NULL,
  PRIMARY KEY (fleet, setid, destination)
);
-- What Kamailio reads: the dispatcher table with one row a destination, and every weight also as the relative weight
-- (1 to 100) that algorithm 11 goes by. A row without weight among weighted ones counts as an average one. Destinations
-- over TLS get the listener that recorders can reach: Kamailio does not find it from the default one, whose port it shares
-- with none. Inside a function, because a view on the table's columns would keep Kamailio's migrations from changing them.
CREATE OR REPLACE FUNCTION sip_proxy_dispatcher_rows() RETURNS TABLE (
  id integer, setid integer, destination text, flags integer, priority integer, description text, attrs text)
LANGUAGE plpgsql STABLE SET search_path = public AS $rows$
#variable_conflict use_column
BEGIN
RETURN QUERY WITH one_each AS (
  SELECT DISTINCT ON (t.setid, t.destination) t.id, t.setid, t.destination, t.flags, t.priority, t.description, t.attrs,
    substring(t.attrs from '(?:^|;)\s*weight=([0-9]{1,9})')::numeric AS weight,
    t.attrs ~ '(^|;)\s*rweight=' AS has_rweight
  FROM dispatcher AS t
  ORDER BY t.setid, t.destination, t.id
), weighed AS (
  SELECT *,
    destination ~* ';transport=tls' AND attrs !~ '(^|;)\s*sock(et|name)=' AS over_tls,
    avg(weight) OVER (PARTITION BY setid) AS mean,
    greatest(max(weight) OVER (PARTITION BY setid), 1) AS heaviest
  FROM one_each
)
SELECT id::integer, setid::integer, destination::text, flags::integer, priority::integer, description::text,
  concat_ws(';', nullif(trim(both '; ' from attrs), ''),
    CASE WHEN NOT has_rweight AND mean IS NOT NULL THEN
      'rweight=' || CASE WHEN COALESCE(weight, mean) = 0 THEN 0
        WHEN heaviest <= 100 THEN greatest(1, round(COALESCE(weight, mean)))
        ELSE greatest(1, round(COALESCE(weight, mean) * 100 / heaviest)) END
    END,
    CASE WHEN over_tls THEN 'sockname=private_tls' END
  )
FROM weighed;
END
$rows$;
-- Columns and types are those of the first release's view on Kamailio's own table: its hosts may replace this one, and this one
-- theirs. On a table that was migrated, theirs had others.
DO $view$
DECLARE
  definition text := 'VIEW sip_proxy_dispatcher AS '
    'SELECT id, setid, destination::varchar(192), flags, priority, description::varchar(64), attrs::varchar(192) '
    'FROM sip_proxy_dispatcher_rows()';
BEGIN
  EXECUTE 'CREATE OR REPLACE ' || definition;
EXCEPTION WHEN invalid_table_definition THEN
  DROP VIEW sip_proxy_dispatcher;
  EXECUTE 'CREATE ' || definition;
END
$view$;
-- kamdbctl's migrations leave the table of versions without the constraint that ON CONFLICT needs.
UPDATE version SET table_version = d.table_version
FROM version AS d
WHERE version.table_name = 'sip_proxy_dispatcher' AND d.table_name = 'dispatcher' AND version.table_version <> d.table_version;
INSERT INTO version (table_name, table_version)
SELECT 'sip_proxy_dispatcher', max(table_version) FROM version
WHERE table_name = 'dispatcher' AND NOT EXISTS (SELECT FROM version WHERE table_name = 'sip_proxy_dispatcher')
HAVING count(*) > 0;
