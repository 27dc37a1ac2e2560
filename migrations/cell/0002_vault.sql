-- The vault: sealed personal values and the wrapped keys that open them. Nothing here is readable
-- without the master key, which is not in the database.

CREATE TABLE workspace_keys (
    workspace_id uuid PRIMARY KEY,
    master_key_id text NOT NULL,
    wrapped bytea NOT NULL
);

-- A subject outlives its key as a fence: erased_at set, no key is ever made again for this id.
CREATE TABLE subjects (
    subject_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    erased_at timestamptz,
    deleted_at timestamptz  -- when the boxes were deleted too
);
CREATE INDEX subjects_to_delete ON subjects (erased_at)
    WHERE erased_at IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE subject_keys (
    subject_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    wrapped bytea NOT NULL
);

-- HMAC of a number under the workspace's lookup key, to the subject who has it.
CREATE TABLE lookups (
    digest bytea NOT NULL,
    workspace_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    CONSTRAINT lookups_digest PRIMARY KEY (workspace_id, digest)
);
CREATE INDEX lookups_subject ON lookups (subject_id);

-- One key per workspace, category, campaign and day; destroyed when retention ends.
CREATE TABLE buckets (
    bucket_id uuid CONSTRAINT buckets_id PRIMARY KEY,
    workspace_id uuid NOT NULL,
    category text NOT NULL,
    campaign text NOT NULL,
    day date NOT NULL,
    destroyed_at timestamptz
);
CREATE TABLE bucket_keys (
    bucket_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    wrapped bytea NOT NULL
);

-- One row per personal value. Its place and what was bound into the seal stand as they were written.
CREATE TABLE vault (
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    schema_version smallint NOT NULL,
    field text NOT NULL,
    name text NOT NULL,
    workspace_id uuid NOT NULL,
    subject_ids uuid[] NOT NULL CHECK (cardinality(subject_ids) BETWEEN 1 AND 2),
    category text NOT NULL,
    bucket_id uuid NOT NULL,
    key_check bytea NOT NULL,
    box bytea NOT NULL,
    PRIMARY KEY (stream_id, version, field)
);
CREATE INDEX vault_subject ON vault ((subject_ids[1]));
CREATE INDEX vault_co_subject ON vault ((subject_ids[2])) WHERE subject_ids[2] IS NOT NULL;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['workspace_keys', 'subjects', 'subject_keys', 'lookups', 'buckets',
                             'bucket_keys', 'vault'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY one_workspace ON %I FOR SELECT TO ringledger_api USING '
            '(workspace_id = (SELECT this_workspace()))', t);
        EXECUTE format('CREATE POLICY whole_cell ON %I FOR SELECT TO ringledger_writer USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO ringledger_api, ringledger_writer', t);
    END LOOP;
END $$;

CREATE POLICY new_workspace ON workspace_keys FOR INSERT TO ringledger_writer WITH CHECK (true);
GRANT INSERT ON workspace_keys TO ringledger_writer;
