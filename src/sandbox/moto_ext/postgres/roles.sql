-- What a new RDS instance has besides the master user. One statement a line: single-user mode wants it so.
CREATE ROLE rds_password NOLOGIN;
CREATE ROLE rds_replication NOLOGIN;
CREATE ROLE rds_iam NOLOGIN;
CREATE ROLE rds_ad NOLOGIN;
CREATE ROLE rds_superuser NOLOGIN;
GRANT pg_monitor, pg_signal_backend, rds_password, rds_replication TO rds_superuser WITH ADMIN OPTION;
DO $$ BEGIN IF current_setting('server_version_num')::int >= 150000 THEN GRANT pg_checkpoint TO rds_superuser; END IF; END $$;
DO $$ BEGIN IF current_setting('server_version_num')::int >= 160000 THEN EXECUTE 'GRANT rds_iam TO rds_superuser WITH ADMIN TRUE, INHERIT FALSE, SET FALSE'; END IF; END $$;
-- Before PostgreSQL 16, CREATEROLE may grant every role but those of superusers. These three reach programs and files of this machine.
UPDATE pg_authid SET rolsuper = true WHERE rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files');
CREATE DATABASE rdsadmin;
REVOKE ALL ON DATABASE rdsadmin FROM PUBLIC;
