-- Version 5. Log tables only grow: no row of them is ever changed or removed, and each new row must continue the last.
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    controller TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE leaf (
    log INTEGER NOT NULL REFERENCES log (id),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    station TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= 0),
    class TEXT NOT NULL CHECK (class IN ('police', 'standard')),
    leaf TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX leaf_by_station ON leaf (log, station, seq);

-- The body of an event that is set aside (`event_set_aside`) is kept as `hex:` and its bytes in hexadecimal.
CREATE TABLE body (
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    body TEXT NOT NULL,
    PRIMARY KEY (log, idx),
    FOREIGN KEY (log, idx) REFERENCES leaf (log, idx)
) STRICT, WITHOUT ROWID;

-- Hashes of complete subtrees above the leaves: level 1 and up.
CREATE TABLE node (
    log INTEGER NOT NULL,
    level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 62),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (log, level, idx)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER leaf_continues BEFORE INSERT ON leaf
WHEN NEW.idx <> (SELECT coalesce(max(idx) + 1, 0) FROM leaf WHERE log = NEW.log)
BEGIN SELECT raise(ABORT, 'the log only grows, without gaps'); END;
CREATE TRIGGER leaf_keeps BEFORE UPDATE ON leaf BEGIN SELECT raise(ABORT, 'the log is never changed'); END;
CREATE TRIGGER leaf_stays BEFORE DELETE ON leaf BEGIN SELECT raise(ABORT, 'the log is never shortened'); END;
CREATE TRIGGER body_once BEFORE INSERT ON body
WHEN EXISTS (SELECT 1 FROM body WHERE log = NEW.log AND idx = NEW.idx)
BEGIN SELECT raise(ABORT, 'a body is written once'); END;
CREATE TRIGGER body_keeps BEFORE UPDATE ON body BEGIN SELECT raise(ABORT, 'the log is never changed'); END;
-- A body goes only when its class's floor has passed by this machine's clock, two people ordered it, and no hold covers it.
CREATE TRIGGER body_stays BEFORE DELETE ON body
WHEN NOT EXISTS (
    SELECT 1 FROM leaf l JOIN retention r ON r.class = l.class
    JOIN pruning p ON p.log = l.log AND p.class = l.class AND l.received_ms < p.before_ms
    WHERE l.log = OLD.log AND l.idx = OLD.idx AND p.approved_by IS NOT NULL
      AND l.received_ms + r.days * 86400000 <= unixepoch() * 1000)
OR EXISTS (
    SELECT 1 FROM leaf l JOIN hold h ON h.log = l.log AND l.received_ms BETWEEN h.from_ms AND h.to_ms
    WHERE l.log = OLD.log AND l.idx = OLD.idx AND h.lifted_ms IS NULL)
BEGIN SELECT raise(ABORT, 'the body is kept'); END;
CREATE TRIGGER node_once BEFORE INSERT ON node
WHEN EXISTS (SELECT 1 FROM node WHERE log = NEW.log AND level = NEW.level AND idx = NEW.idx)
BEGIN SELECT raise(ABORT, 'a node is written once'); END;
CREATE TRIGGER node_keeps BEFORE UPDATE ON node BEGIN SELECT raise(ABORT, 'the log is never changed'); END;
CREATE TRIGGER node_stays BEFORE DELETE ON node BEGIN SELECT raise(ABORT, 'the log is never shortened'); END;

-- What a station said twice in two ways: the bytes it offered are kept as evidence.
CREATE TABLE equivocation (
    log INTEGER NOT NULL REFERENCES log (id),
    station TEXT NOT NULL,
    seq INTEGER NOT NULL,
    offered_leaf TEXT NOT NULL,
    offered_body TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (log, station, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER equivocation_keeps BEFORE UPDATE ON equivocation BEGIN SELECT raise(ABORT, 'evidence is kept'); END;
CREATE TRIGGER equivocation_stays BEFORE DELETE ON equivocation BEGIN SELECT raise(ABORT, 'evidence is kept'); END;

-- Tables that change. What changes them is an event in the log.
CREATE TABLE station (
    station TEXT PRIMARY KEY,
    home TEXT NOT NULL,
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    grace_s INTEGER NOT NULL CHECK (grace_s BETWEEN 0 AND 28800),
    enabled INTEGER NOT NULL DEFAULT 1,
    quarantined INTEGER NOT NULL DEFAULT 0,
    -- When it was last heard, and until when its newest certificate is good; 0: not known.
    seen_ms INTEGER NOT NULL DEFAULT 0,
    certificate_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    account TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    password TEXT NOT NULL,
    password_set_ms INTEGER NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE lockout (
    account TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `ended`: 0 while it goes on, otherwise when it ended, Unix ms; 1 where nobody wrote that down.
CREATE TABLE session (
    session TEXT PRIMARY KEY,
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    account TEXT NOT NULL,
    station TEXT NOT NULL,
    purpose TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    begun_ms INTEGER NOT NULL,
    -- What was said beside the purpose.
    note TEXT NOT NULL,
    protocol_no TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX session_one_per_user ON session (account) WHERE ended = 0;

CREATE TABLE plan (
    version INTEGER PRIMARY KEY,
    plan TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;

CREATE TABLE camera_account (
    camera TEXT NOT NULL,
    need TEXT NOT NULL CHECK (need IN ('picture', 'figures')),
    account TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (camera, need)
) STRICT, WITHOUT ROWID;

-- How long bodies are kept, days. A floor rises and never falls.
CREATE TABLE retention (
    class TEXT PRIMARY KEY CHECK (class IN ('police', 'standard')),
    days INTEGER NOT NULL CHECK (days BETWEEN 180 AND 36500)
) STRICT, WITHOUT ROWID;
INSERT INTO retention VALUES ('police', 1826), ('standard', 180);
CREATE TRIGGER retention_rises BEFORE UPDATE ON retention WHEN NEW.days < OLD.days OR NEW.class <> OLD.class
BEGIN SELECT raise(ABORT, 'a floor is never lowered'); END;
CREATE TRIGGER retention_stays BEFORE DELETE ON retention BEGIN SELECT raise(ABORT, 'a floor is never removed'); END;

-- What must be kept beyond its floor: everything received in a span, for an authority.
CREATE TABLE hold (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL REFERENCES log (id),
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL CHECK (to_ms >= from_ms),
    authority TEXT NOT NULL,
    protocol_no TEXT NOT NULL,
    lifted_ms INTEGER
) STRICT;
CREATE TRIGGER hold_stays BEFORE DELETE ON hold BEGIN SELECT raise(ABORT, 'a hold is lifted, not removed'); END;

-- Orders to prune: asked by one person, approved by another.
CREATE TABLE pruning (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL REFERENCES log (id),
    class TEXT NOT NULL,
    before_ms INTEGER NOT NULL,
    asked_by TEXT NOT NULL,
    approved_by TEXT CHECK (approved_by <> asked_by),
    done INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TRIGGER pruning_stays BEFORE DELETE ON pruning BEGIN SELECT raise(ABORT, 'orders are kept'); END;
CREATE TRIGGER pruning_keeps BEFORE UPDATE ON pruning
WHEN (NEW.log, NEW.class, NEW.before_ms, NEW.asked_by) IS NOT (OLD.log, OLD.class, OLD.before_ms, OLD.asked_by)
  OR OLD.approved_by IS NOT NULL AND NEW.approved_by IS NOT OLD.approved_by
BEGIN SELECT raise(ABORT, 'orders are kept'); END;

-- What the administrator searches by, taken from the bodies; goes with them. `word` numbers the texts.
CREATE TABLE word (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE found (
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    person INTEGER NOT NULL,
    camera INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    purpose INTEGER NOT NULL,
    result INTEGER NOT NULL,
    time_s INTEGER NOT NULL,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX found_by_person ON found (log, person, time_s);
CREATE INDEX found_by_camera ON found (log, camera, time_s);
CREATE INDEX found_by_time ON found (log, time_s);

-- Accounts: appointment, confirmation, second factor, former passwords. One row beside each person.
CREATE TABLE account (
    account TEXT PRIMARY KEY REFERENCES person (account),
    act TEXT NOT NULL,
    appointed_ms INTEGER NOT NULL,
    until_ms INTEGER,
    last_use_ms INTEGER,
    confirm_by_ms INTEGER,
    must_change INTEGER NOT NULL,
    -- Sealed; the step of the last code that was used.
    second_factor BLOB,
    second_factor_step INTEGER NOT NULL DEFAULT 0,
    -- The controller that the account was made for; its grants may name others.
    home TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE former_password (
    account TEXT NOT NULL,
    set_ms INTEGER NOT NULL,
    password TEXT NOT NULL,
    PRIMARY KEY (account, set_ms, password)
) STRICT, WITHOUT ROWID;
-- Who gave an account a password or second factor. Without a giver: at the server's own console, for this reason.
CREATE TABLE credential_given (
    account TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    giver TEXT NOT NULL,
    giver_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (account, at_ms, giver)
) STRICT, WITHOUT ROWID;

-- Workstations: what each is for, the certificate that is to follow, codes that enrol one.
CREATE TABLE station_kind (
    station TEXT PRIMARY KEY REFERENCES station (station),
    kind TEXT NOT NULL CHECK (kind IN ('control_room', 'remote', 'maintainer')),
    next_fingerprint BLOB UNIQUE CHECK (length(next_fingerprint) = 32)
) STRICT, WITHOUT ROWID;
CREATE TABLE enrolment_code (
    code BLOB PRIMARY KEY CHECK (length(code) = 32),
    station TEXT NOT NULL,
    kind TEXT NOT NULL,
    home TEXT NOT NULL,
    grace_s INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
-- Who holds which dome: the domain's lease as JSON, one row for each dome that was ever held.
CREATE TABLE dome (
    camera TEXT PRIMARY KEY,
    lease TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Clearances (nullaosta). A draft is not told of: its event is not durable yet. None is ever removed.
CREATE TABLE clearance (
    id INTEGER PRIMARY KEY,
    asked_by TEXT NOT NULL,
    clearance TEXT NOT NULL,
    ends_ms INTEGER NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('draft', 'open', 'over'))
) STRICT;
CREATE INDEX clearance_by_stage ON clearance (stage, ends_ms);
CREATE TRIGGER clearance_stays BEFORE DELETE ON clearance BEGIN SELECT raise(ABORT, 'clearances are kept'); END;

-- Changes of the site plan that wait for a second person. A draft is not told of: its event is not durable yet.
CREATE TABLE site_proposal (
    id INTEGER PRIMARY KEY,
    proposal TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('draft', 'open', 'over'))
) STRICT;

-- ONVIF users that were made on cameras for a session, until they are removed there.
CREATE TABLE camera_user (
    camera TEXT NOT NULL,
    account TEXT NOT NULL,
    session TEXT NOT NULL,
    PRIMARY KEY (camera, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES (5);
