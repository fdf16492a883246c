-- Creates Kamailio's role and database; can be run again. psql on a host that bootstraps, and `sip-proxy db init`, set
-- sip_proxy.role, .password (empty: none is set) and .database first. Each query gives the statements that are missing.
SELECT format('CREATE ROLE %I LOGIN', current_setting('sip_proxy.role'))
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = current_setting('sip_proxy.role')) \gexec

SELECT format('ALTER ROLE %I PASSWORD %L', current_setting('sip_proxy.role'), current_setting('sip_proxy.password'))
WHERE current_setting('sip_proxy.password') <> '' \gexec

-- A managed service's administrator is no superuser: it can give a database only to a role that it is a member of.
SELECT format('GRANT %I TO CURRENT_USER', current_setting('sip_proxy.role'))
WHERE current_user <> current_setting('sip_proxy.role')
  AND NOT EXISTS (SELECT FROM pg_database WHERE datname = current_setting('sip_proxy.database')) \gexec

SELECT format('CREATE DATABASE %I OWNER %I', current_setting('sip_proxy.database'), current_setting('sip_proxy.role'))
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = current_setting('sip_proxy.database')) \gexec
