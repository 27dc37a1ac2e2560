-- Withdrawn consents, and after which of them something is still to be done. No personal value.

INSERT INTO positions VALUES ('withdrawals', 0);

CREATE TABLE withdrawals (
    workspace_id uuid NOT NULL,
    consent_id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    subject_id uuid NOT NULL,
    is_owed boolean NOT NULL,  -- something that rested on it may be left
    PRIMARY KEY (consent_id)
);
CREATE INDEX withdrawals_owed ON withdrawals (consent_id) WHERE is_owed;
SELECT secure_view('withdrawals');
