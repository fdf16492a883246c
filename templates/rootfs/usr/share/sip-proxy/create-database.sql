-- Creates Kamailio's database. Run it after create-role.sql, outside of a transaction; it is idempotent. The role becomes the owner if the
-- administrator may set it; otherwise repair-database.sql grants the rights that the role needs.
SELECT format('CREATE DATABASE %I', :'database') || CASE
  WHEN CASE WHEN current_setting('server_version_num')::integer < 160000 THEN pg_has_role(current_user, :'role', 'MEMBER')
    ELSE pg_has_role(current_user, :'role', 'SET') END
  THEN format(' OWNER %I', :'role') ELSE '' END
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
