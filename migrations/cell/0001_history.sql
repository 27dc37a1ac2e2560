-- The history of a cell. Rows are only ever added, and only by the function append().

-- One row. Its lock orders the writers, so that ids are gap-free and commit order is id order.
CREATE TABLE counter (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT '-infinity',
    epoch bigint NOT NULL DEFAULT 0  -- grows with every destroyed key: what a writer knows is then stale
) WITH (fillfactor = 10);
INSERT INTO counter DEFAULT VALUES;

CREATE TABLE entries (
    position bigint PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    workspace_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    schema_version smallint NOT NULL,
    name text NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT entries_stream_version UNIQUE (stream_id, version)
);

-- The same rows in the words of the eventsourcing library, for its recorder and tools.
CREATE VIEW stored_events WITH (security_invoker = true) AS
    SELECT stream_id AS originator_id, version::bigint AS originator_version,
           name AS topic, body AS state, position AS notification_id
    FROM entries;

-- The workspace that a reader's transaction is for. Policies ask in a subquery: once a statement, not
-- once a row.
CREATE FUNCTION this_workspace() RETURNS uuid LANGUAGE sql STABLE
    RETURN nullif(current_setting('ringledger.workspace_id', true), '')::uuid;

ALTER TABLE entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_workspace ON entries FOR SELECT TO ringledger_api
    USING (workspace_id = (SELECT this_workspace()));
CREATE POLICY whole_cell ON entries FOR SELECT TO ringledger_writer, ringledger_follower
    USING (true);

GRANT SELECT ON entries, stored_events TO ringledger_api, ringledger_writer, ringledger_follower;
GRANT SELECT ON counter TO ringledger_api, ringledger_writer, ringledger_follower;
