-- What the servers' role may, when there is one: it adds to the log and changes only what may change. Run once more, nothing
-- changes (`vedetta-audit grant`, for a role that was made later).
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'vedetta_server') THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO vedetta_server;
        GRANT INSERT ON leaf, body, node, equivocation, word, found, hold, pruning, station, person, lockout, session,
            plan, camera_account TO vedetta_server;
        GRANT UPDATE ON sequencer, station, person, lockout, session, retention, hold, pruning, camera_account
            TO vedetta_server;
        GRANT DELETE ON body, found, lockout, camera_account TO vedetta_server;
        GRANT INSERT, UPDATE ON account, station_kind, enrolment_code TO vedetta_server;
        GRANT INSERT ON former_password, credential_given TO vedetta_server;
        GRANT INSERT, UPDATE ON dome, clearance, site_proposal TO vedetta_server;
        GRANT INSERT, DELETE ON camera_user TO vedetta_server;
    END IF;
END $$;
