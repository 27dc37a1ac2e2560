-- The register of consents.

INSERT INTO positions VALUES ('consent_register', 0);

-- One row per subject, purpose and kind: what was said last. Built from the history.
CREATE TABLE consent_register (
    workspace_id uuid NOT NULL,
    consent_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    purpose text NOT NULL,
    kind text,
    version integer NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    said text NOT NULL,
    said_at timestamptz NOT NULL,
    form text,
    expires_at timestamptz,
    channel text NOT NULL,
    prompt_id text,
    prompt_version text,
    text_sha256 text,
    policy_version text,
    table_version text,
    rule text,
    PRIMARY KEY (consent_id)
);
CREATE INDEX consent_register_subject ON consent_register (subject_id, purpose, kind);
CREATE INDEX consent_register_newest ON consent_register (workspace_id, said_at, consent_id);
SELECT secure_view('consent_register');
