-- The master user of a new RDS instance, and what belongs to it. %1$I is its name, %2$L its password.
CREATE ROLE %1$I LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD %2$L VALID UNTIL 'infinity';
GRANT rds_superuser, pg_monitor, pg_signal_backend TO %1$I WITH ADMIN OPTION;
ALTER DATABASE postgres OWNER TO %1$I;
ALTER DATABASE template1 OWNER TO %1$I;
