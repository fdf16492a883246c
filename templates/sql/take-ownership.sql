-- For `db init --take-ownership`: the tables of Kamailio's schema, and what is ours, become the role's. Their sequences follow.
SELECT format('ALTER %s public.%I OWNER TO %I', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relname, :'role')
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND pg_get_userbyid(relowner) <> :'role'
  AND (relname LIKE 'sip\_proxy\_%' OR relname = 'version' OR relname IN (SELECT table_name FROM public.version))
ORDER BY relname \gexec
