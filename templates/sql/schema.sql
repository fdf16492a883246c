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
-- with none.
CREATE OR REPLACE VIEW sip_proxy_dispatcher AS
WITH one_each AS (
  SELECT DISTINCT ON (setid, destination) *,
    substring(attrs from '(?:^|;)\s*weight=([0-9]{1,9})')::numeric AS weight,
    attrs ~ '(^|;)\s*rweight=' AS has_rweight
  FROM dispatcher
  ORDER BY setid, destination, id
), weighed AS (
  SELECT *,
    destination ~* ';transport=tls' AND attrs !~ '(^|;)\s*sock(et|name)=' AS over_tls,
    avg(weight) OVER (PARTITION BY setid) AS mean,
    greatest(max(weight) OVER (PARTITION BY setid), 1) AS heaviest
  FROM one_each
)
SELECT id, setid, destination, flags, priority, description,
  concat_ws(';', nullif(trim(both '; ' from attrs), ''),
    CASE WHEN NOT has_rweight AND mean IS NOT NULL THEN
      'rweight=' || CASE WHEN COALESCE(weight, mean) = 0 THEN 0
        WHEN heaviest <= 100 THEN greatest(1, round(COALESCE(weight, mean)))
        ELSE greatest(1, round(COALESCE(weight, mean) * 100 / heaviest)) END
    END,
    CASE WHEN over_tls THEN 'sockname=private_tls' END
  )::varchar(192) AS attrs
FROM weighed;
INSERT INTO version (table_name, table_version)
SELECT 'sip_proxy_dispatcher', table_version FROM version WHERE table_name = 'dispatcher'
ON CONFLICT (table_name) DO UPDATE SET table_version = EXCLUDED.table_version
WHERE version.table_version <> EXCLUDED.table_version;
