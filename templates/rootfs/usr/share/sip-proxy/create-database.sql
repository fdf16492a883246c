-- Kamailio's database; can be run again, after create-role.sql, and outside of a transaction. It is the role's where the administrator
-- can give it away; else repair-database.sql gives the role what it needs.
SELECT format('CREATE DATABASE %I', :'database') || CASE
  WHEN CASE WHEN current_setting('server_version_num')::integer < 160000 THEN pg_has_role(current_user, :'role', 'MEMBER')
    ELSE pg_has_role(current_user, :'role', 'SET') END
  THEN format(' OWNER %I', :'role') ELSE '' END
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
