-- The master user of a new RDS instance, and what belongs to it.
CREATE ROLE {user} LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD {password} VALID UNTIL 'infinity';
GRANT rds_superuser, pg_monitor, pg_signal_backend TO {user} WITH ADMIN OPTION;
ALTER DATABASE postgres OWNER TO {user};
ALTER DATABASE template1 OWNER TO {user};
