-- Who may ask, and whose callbacks are genuine.

-- API keys: only a hash of the secret; the key itself is shown once.
CREATE TABLE api_keys (
    key_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    secret_sha256 bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

-- What Twilio signs with, and where calls are put through to: sealed under the workspace key.
-- Several auth tokens stand side by side while one rotates.
CREATE TABLE credentials (
    credential_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('twilio_account_sid', 'twilio_auth_token', 'twilio_shared_key',
                                       'dial_target')),
    box bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
);
CREATE INDEX credentials_workspace ON credentials (workspace_id) WHERE retired_at IS NULL;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['api_keys', 'credentials'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY one_workspace ON %I FOR SELECT TO ringledger_api USING '
            '(workspace_id = (SELECT this_workspace()))', t);
        EXECUTE format('CREATE POLICY whole_cell ON %I TO ringledger_writer USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO ringledger_api, ringledger_writer', t);
        EXECUTE format('GRANT INSERT ON %I TO ringledger_writer', t);
    END LOOP;
END $$;
GRANT UPDATE (revoked_at) ON api_keys TO ringledger_writer;
GRANT UPDATE (retired_at) ON credentials TO ringledger_writer;
