-- Version 5, PostgreSQL 15. The same tables as sqlite.sql. The role that runs this owns them; the servers use another
-- role (`vedetta_server`: postgres_grants.sql) that can neither change nor remove a row of the log.
CREATE TABLE log (
    id BIGINT PRIMARY KEY,
    controller TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL UNIQUE
);

CREATE TABLE leaf (
    log BIGINT NOT NULL REFERENCES log (id),
    idx BIGINT NOT NULL CHECK (idx >= 0),
    station TEXT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 0),
    class TEXT NOT NULL CHECK (class IN ('police', 'standard')),
    leaf TEXT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    received_ms BIGINT NOT NULL,
    PRIMARY KEY (log, idx)
);
CREATE UNIQUE INDEX leaf_by_station ON leaf (log, station, seq);

-- The body of an event that is set aside (`event_set_aside`) is kept as `hex:` and its bytes in hexadecimal.
CREATE TABLE body (
    log BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    salt BYTEA NOT NULL CHECK (length(salt) = 32),
    body TEXT NOT NULL,
    PRIMARY KEY (log, idx),
    FOREIGN KEY (log, idx) REFERENCES leaf (log, idx)
);

-- Hashes of complete subtrees above the leaves: level 1 and up.
CREATE TABLE node (
    log BIGINT NOT NULL,
    level BIGINT NOT NULL CHECK (level BETWEEN 1 AND 62),
    idx BIGINT NOT NULL CHECK (idx >= 0),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (log, level, idx)
);

-- Who writes now. The epoch grows with each change of writer; a transaction of the log begins by locking and reading it.
CREATE TABLE sequencer (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    epoch BIGINT NOT NULL,
    holder TEXT NOT NULL
);
INSERT INTO sequencer VALUES (1, 0, '');
CREATE FUNCTION epoch_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.epoch <= OLD.epoch THEN RAISE EXCEPTION 'the epoch only rises'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sequencer_rises BEFORE UPDATE ON sequencer FOR EACH ROW EXECUTE FUNCTION epoch_rises();

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the log is never changed or shortened'; END $$;
CREATE FUNCTION leaf_continues() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.idx <> (SELECT coalesce(max(idx) + 1, 0) FROM leaf WHERE log = NEW.log) THEN
        RAISE EXCEPTION 'the log only grows, without gaps';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leaf_continues BEFORE INSERT ON leaf FOR EACH ROW EXECUTE FUNCTION leaf_continues();
CREATE TRIGGER leaf_keeps BEFORE UPDATE OR DELETE ON leaf FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER leaf_stays BEFORE TRUNCATE ON leaf EXECUTE FUNCTION refuse();
CREATE TRIGGER body_keeps BEFORE UPDATE ON body FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER body_not_emptied BEFORE TRUNCATE ON body EXECUTE FUNCTION refuse();
CREATE TRIGGER node_keeps BEFORE UPDATE OR DELETE ON node FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER node_stays BEFORE TRUNCATE ON node EXECUTE FUNCTION refuse();

-- What a station said twice in two ways: the bytes it offered are kept as evidence.
CREATE TABLE equivocation (
    log BIGINT NOT NULL REFERENCES log (id),
    station TEXT NOT NULL,
    seq BIGINT NOT NULL,
    offered_leaf TEXT NOT NULL,
    offered_body TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (log, station, seq)
);
CREATE TRIGGER equivocation_keeps BEFORE UPDATE OR DELETE ON equivocation FOR EACH ROW EXECUTE FUNCTION refuse();

-- Tables that change. What changes them is an event in the log.
CREATE TABLE station (
    station TEXT PRIMARY KEY,
    home TEXT NOT NULL,
    fingerprint BYTEA NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    grace_s BIGINT NOT NULL CHECK (grace_s BETWEEN 0 AND 28800),
    enabled BIGINT NOT NULL DEFAULT 1,
    quarantined BIGINT NOT NULL DEFAULT 0,
    -- When it was last heard, and until when its newest certificate is good; 0: not known.
    seen_ms BIGINT NOT NULL DEFAULT 0,
    certificate_until_ms BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE person (
    account TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    password TEXT NOT NULL,
    password_set_ms BIGINT NOT NULL,
    enabled BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE lockout (
    account TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);

-- `ended`: 0 while it goes on, otherwise when it ended, Unix ms; 1 where nobody wrote that down.
CREATE TABLE session (
    session TEXT PRIMARY KEY,
    token BYTEA NOT NULL UNIQUE CHECK (length(token) = 32),
    account TEXT NOT NULL,
    station TEXT NOT NULL,
    purpose TEXT NOT NULL,
    seen_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    ended BIGINT NOT NULL DEFAULT 0,
    begun_ms BIGINT NOT NULL,
    -- What was said beside the purpose.
    note TEXT NOT NULL,
    protocol_no TEXT NOT NULL
);
CREATE UNIQUE INDEX session_one_per_account ON session (account) WHERE ended = 0;

CREATE TABLE plan (
    version BIGINT PRIMARY KEY,
    plan TEXT NOT NULL,
    signature TEXT NOT NULL
);

CREATE TABLE camera_account (
    camera TEXT NOT NULL,
    need TEXT NOT NULL CHECK (need IN ('picture', 'figures')),
    account TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (camera, need)
);

-- How long bodies are kept, days. A floor rises and never falls.
CREATE TABLE retention (
    class TEXT PRIMARY KEY CHECK (class IN ('police', 'standard')),
    days BIGINT NOT NULL CHECK (days BETWEEN 180 AND 36500)
);
INSERT INTO retention VALUES ('police', 1826), ('standard', 180);
CREATE FUNCTION floor_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.days < OLD.days OR NEW.class <> OLD.class THEN RAISE EXCEPTION 'a floor is never lowered'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_rises BEFORE UPDATE ON retention FOR EACH ROW EXECUTE FUNCTION floor_rises();
CREATE TRIGGER retention_stays BEFORE DELETE ON retention FOR EACH ROW EXECUTE FUNCTION refuse();

-- What must be kept beyond its floor: everything received in a span, for an authority.
CREATE TABLE hold (
    id BIGINT PRIMARY KEY,
    log BIGINT NOT NULL REFERENCES log (id),
    from_ms BIGINT NOT NULL,
    to_ms BIGINT NOT NULL CHECK (to_ms >= from_ms),
    authority TEXT NOT NULL,
    protocol_no TEXT NOT NULL,
    lifted_ms BIGINT
);
CREATE TRIGGER hold_stays BEFORE DELETE ON hold FOR EACH ROW EXECUTE FUNCTION refuse();

-- Orders to prune: asked by one person, approved by another.
CREATE TABLE pruning (
    id BIGINT PRIMARY KEY,
    log BIGINT NOT NULL REFERENCES log (id),
    class TEXT NOT NULL,
    before_ms BIGINT NOT NULL,
    asked_by TEXT NOT NULL,
    approved_by TEXT CHECK (approved_by <> asked_by),
    done BIGINT NOT NULL DEFAULT 0
);
CREATE FUNCTION order_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.log, NEW.class, NEW.before_ms, NEW.asked_by) IS DISTINCT FROM (OLD.log, OLD.class, OLD.before_ms, OLD.asked_by)
       OR OLD.approved_by IS NOT NULL AND NEW.approved_by IS DISTINCT FROM OLD.approved_by
    THEN RAISE EXCEPTION 'orders are kept'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pruning_keeps BEFORE UPDATE ON pruning FOR EACH ROW EXECUTE FUNCTION order_keeps();
CREATE TRIGGER pruning_stays BEFORE DELETE ON pruning FOR EACH ROW EXECUTE FUNCTION refuse();

-- A body goes only when its class's floor has passed by the database's clock, two people ordered it, and no hold covers it.
CREATE FUNCTION body_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM leaf l JOIN retention r ON r.class = l.class
        JOIN pruning p ON p.log = l.log AND p.class = l.class AND l.received_ms < p.before_ms
        WHERE l.log = OLD.log AND l.idx = OLD.idx AND p.approved_by IS NOT NULL
          AND l.received_ms + r.days * 86400000 <= extract(epoch FROM now()) * 1000)
    OR EXISTS (
        SELECT 1 FROM leaf l JOIN hold h ON h.log = l.log AND l.received_ms BETWEEN h.from_ms AND h.to_ms
        WHERE l.log = OLD.log AND l.idx = OLD.idx AND h.lifted_ms IS NULL)
    THEN RAISE EXCEPTION 'the body is kept'; END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER body_stays BEFORE DELETE ON body FOR EACH ROW EXECUTE FUNCTION body_stays();

-- What the administrator searches by, taken from the bodies; goes with them. `word` numbers the texts.
CREATE TABLE word (
    id BIGINT PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);
CREATE TABLE found (
    log BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    person BIGINT NOT NULL,
    camera BIGINT NOT NULL,
    operation BIGINT NOT NULL,
    purpose BIGINT NOT NULL,
    result BIGINT NOT NULL,
    time_s BIGINT NOT NULL,
    PRIMARY KEY (log, idx)
);
CREATE INDEX found_by_person ON found (log, person, time_s, idx);
CREATE INDEX found_by_camera ON found (log, camera, time_s, idx);
CREATE INDEX found_by_time ON found (log, time_s, idx);

-- Accounts: appointment, confirmation, second factor, former passwords. One row beside each person.
CREATE TABLE account (
    account TEXT PRIMARY KEY REFERENCES person (account),
    act TEXT NOT NULL,
    appointed_ms BIGINT NOT NULL,
    until_ms BIGINT,
    last_use_ms BIGINT,
    confirm_by_ms BIGINT,
    must_change BIGINT NOT NULL,
    -- Sealed; the step of the last code that was used.
    second_factor BYTEA,
    second_factor_step BIGINT NOT NULL DEFAULT 0,
    -- The controller that the account was made for; its grants may name others.
    home TEXT NOT NULL
);
CREATE TABLE former_password (
    account TEXT NOT NULL,
    set_ms BIGINT NOT NULL,
    password TEXT NOT NULL,
    PRIMARY KEY (account, set_ms, password)
);
-- Who gave an account a password or second factor. Without a giver: at the server's own console, for this reason.
CREATE TABLE credential_given (
    account TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    giver TEXT NOT NULL,
    giver_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (account, at_ms, giver)
);

-- Workstations: what each is for, the certificate that is to follow, codes that enrol one.
CREATE TABLE station_kind (
    station TEXT PRIMARY KEY REFERENCES station (station),
    kind TEXT NOT NULL CHECK (kind IN ('control_room', 'remote', 'maintainer')),
    next_fingerprint BYTEA UNIQUE CHECK (length(next_fingerprint) = 32)
);
CREATE TABLE enrolment_code (
    code BYTEA PRIMARY KEY CHECK (length(code) = 32),
    station TEXT NOT NULL,
    kind TEXT NOT NULL,
    home TEXT NOT NULL,
    grace_s BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    used BIGINT NOT NULL DEFAULT 0
);
-- Who holds which dome: the domain's lease as JSON, one row for each dome that was ever held.
CREATE TABLE dome (
    camera TEXT PRIMARY KEY,
    lease TEXT NOT NULL
);

-- Clearances (nullaosta). A draft is not told of: its event is not durable yet. None is ever removed.
CREATE TABLE clearance (
    id BIGINT PRIMARY KEY,
    asked_by TEXT NOT NULL,
    clearance TEXT NOT NULL,
    ends_ms BIGINT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('draft', 'open', 'over'))
);
CREATE INDEX clearance_by_stage ON clearance (stage, ends_ms);
CREATE TRIGGER clearance_stays BEFORE DELETE ON clearance FOR EACH ROW EXECUTE FUNCTION refuse();

-- Changes of the site plan that wait for a second person. A draft is not told of: its event is not durable yet.
CREATE TABLE site_proposal (
    id BIGINT PRIMARY KEY,
    proposal TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('draft', 'open', 'over'))
);

-- ONVIF users that were made on cameras for a session, until they are removed there.
CREATE TABLE camera_user (
    camera TEXT NOT NULL,
    account TEXT NOT NULL,
    session TEXT NOT NULL,
    PRIMARY KEY (camera, account)
);

CREATE TABLE schema_version (version BIGINT NOT NULL);
INSERT INTO schema_version VALUES (5);
