-- What the dashboards read. Every table here can be dropped and built again from the history.

CREATE TABLE positions (
    view text PRIMARY KEY,
    position bigint NOT NULL
);

-- One row per call. No personal value: a party is a reference into the vault.
CREATE TABLE call_log (
    workspace_id uuid NOT NULL,
    call_id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    sort_at timestamptz NOT NULL,  -- started_at, or when we first heard of it
    started_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    ring_seconds integer,
    talk_seconds integer,
    duration_seconds integer,
    direction text,
    outcome text,
    leg_count integer NOT NULL,
    leg_statuses text[] NOT NULL,
    caller_subject uuid,
    callee_subject uuid,
    caller jsonb,
    callee jsonb,
    PRIMARY KEY (call_id)
);
CREATE INDEX call_log_newest ON call_log (workspace_id, sort_at, call_id);
CREATE INDEX call_log_caller ON call_log (caller_subject, sort_at) WHERE caller_subject IS NOT NULL;
CREATE INDEX call_log_callee ON call_log (callee_subject, sort_at) WHERE callee_subject IS NOT NULL;

ALTER TABLE call_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_workspace ON call_log FOR SELECT TO ringledger_api
    USING (workspace_id = nullif(current_setting('ringledger.workspace_id', true), '')::uuid);
CREATE POLICY whole_cell ON call_log TO ringledger_follower USING (true) WITH CHECK (true);

GRANT SELECT ON call_log, positions TO ringledger_api;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON call_log, positions TO ringledger_follower;
