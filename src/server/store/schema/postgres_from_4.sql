-- From version 4 to 5: who gave an account a password or second factor.
CREATE TABLE credential_given (
    account TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    giver TEXT NOT NULL,
    giver_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (account, at_ms, giver)
);
