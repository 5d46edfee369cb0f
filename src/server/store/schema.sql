-- Version 1. Log tables only grow: no row of them is ever changed or removed, and each new row must continue the last.
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
CREATE TRIGGER body_stays BEFORE DELETE ON body BEGIN SELECT raise(ABORT, 'the log is never shortened'); END;
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
    quarantined INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    user TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    password TEXT NOT NULL,
    password_set_ms INTEGER NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE lockout (
    user TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    session TEXT PRIMARY KEY,
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    user TEXT NOT NULL,
    station TEXT NOT NULL,
    purpose TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX session_one_per_user ON session (user) WHERE ended = 0;

CREATE TABLE plan (
    version INTEGER PRIMARY KEY,
    plan TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;

CREATE TABLE camera_account (
    camera TEXT NOT NULL,
    need TEXT NOT NULL CHECK (need IN ('picture', 'figures')),
    user TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (camera, need)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
