-- Recordings: what is to be done for each, and where those of a call are. No personal value, no audio.

-- Which kinds of credential there are is the application's to say. A second list of them here would
-- only have to be changed with it.
ALTER TABLE credentials DROP CONSTRAINT IF EXISTS credentials_kind_check;
ALTER TABLE credentials ADD CONSTRAINT credentials_kind_check CHECK (kind ~ '^[a-z_]{1,40}$');

INSERT INTO positions VALUES ('recordings', 0);

CREATE TABLE recordings (
    workspace_id uuid NOT NULL,
    recording_id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    call_id uuid NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    work text,  -- 'fetch' or 'delete_copy': what is to be done; null: nothing
    attempts integer NOT NULL,  -- at that
    tried_at timestamptz,
    owners uuid[] NOT NULL,  -- whose erasure ends a track that lies in the object store
    bucket_id uuid,  -- whose end ends them all
    objects text[] NOT NULL,  -- what of it lies there, or is on its way there
    PRIMARY KEY (recording_id)
);
CREATE INDEX recordings_of_call ON recordings (workspace_id, call_id, first_recorded_at);
CREATE INDEX recordings_work ON recordings (work, first_recorded_at) WHERE work IS NOT NULL;
CREATE INDEX recordings_owners ON recordings USING gin (owners);
CREATE INDEX recordings_bucket ON recordings (bucket_id) WHERE bucket_id IS NOT NULL;
SELECT secure_view('recordings');

-- What ended lately, for what has to end with it.
CREATE INDEX subjects_erased ON subjects (erased_at) WHERE erased_at IS NOT NULL;
CREATE INDEX buckets_destroyed ON buckets (destroyed_at) WHERE destroyed_at IS NOT NULL;
