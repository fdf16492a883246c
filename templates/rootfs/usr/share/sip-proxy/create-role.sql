-- Kamailio's role; can be run again. psql on a host that bootstraps, and `sip-proxy db init`, set role, password (empty: none is set)
-- and database, and begin the transaction. Each query gives the statements that are missing. From PostgreSQL 16 on an administrator
-- that is no superuser changes only roles that it made: another one's password stays.
SELECT format('CREATE ROLE %I LOGIN', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec

SELECT format('ALTER ROLE %I LOGIN', :'role')
WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'role' AND NOT rolcanlogin) \gexec

SELECT format('ALTER ROLE %I PASSWORD %L', :'role', :'password')
WHERE :'password' <> ''
  AND (current_user = :'role' OR current_setting('server_version_num')::integer < 160000
    OR pg_has_role(current_user, :'role', 'MEMBER WITH ADMIN OPTION')) \gexec

-- A managed service's administrator is no superuser: it can give a database only to a role that it is a member of.
SELECT format('GRANT %I TO CURRENT_USER', :'role')
WHERE current_user <> :'role'
  AND NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
  AND (current_setting('server_version_num')::integer < 160000
    OR pg_has_role(current_user, :'role', 'MEMBER WITH ADMIN OPTION')) \gexec
