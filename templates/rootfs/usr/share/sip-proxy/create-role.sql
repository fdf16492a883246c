-- Creates Kamailio's role; idempotent. The caller (psql on a host that creates the database, or `sip-proxy db init`) sets role, password
-- (empty: none) and database, and begins the transaction. Each query returns missing statements. Since PostgreSQL 16, an administrator
-- that is not a superuser can change only roles that it has created: the password of another role stays.
SELECT format('CREATE ROLE %I LOGIN', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec

SELECT format('ALTER ROLE %I LOGIN', :'role')
WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'role' AND NOT rolcanlogin) \gexec

SELECT format('ALTER ROLE %I PASSWORD %L', :'role', :'password')
WHERE :'password' <> ''
  AND (current_user = :'role' OR current_setting('server_version_num')::integer < 160000
    OR pg_has_role(current_user, :'role', 'MEMBER WITH ADMIN OPTION')) \gexec

-- The administrator of a managed service is not a superuser: it can set only a role of which it is a member as owner of a database.
SELECT format('GRANT %I TO CURRENT_USER', :'role')
WHERE current_user <> :'role'
  AND NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
  AND (current_setting('server_version_num')::integer < 160000
    OR pg_has_role(current_user, :'role', 'MEMBER WITH ADMIN OPTION')) \gexec
