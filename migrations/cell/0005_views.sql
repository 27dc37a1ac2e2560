-- What the dashboards read. Every table here can be dropped and built again from the history.

CREATE TABLE positions (
    view text PRIMARY KEY,
    position bigint NOT NULL
);
INSERT INTO positions VALUES ('call_log', 0);
GRANT SELECT ON positions TO ringledger_api;
GRANT SELECT, UPDATE ON positions TO ringledger_follower;

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

-- Who may do what with a view.
CREATE FUNCTION secure_view(p_view text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', p_view);
    EXECUTE format('CREATE POLICY one_workspace ON %I FOR SELECT TO ringledger_api USING '
        '(workspace_id = (SELECT this_workspace()))', p_view);
    EXECUTE format('CREATE POLICY whole_cell ON %I TO ringledger_follower USING (true) WITH CHECK (true)', p_view);
    EXECUTE format('GRANT SELECT ON %I TO ringledger_api', p_view);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO ringledger_follower', p_view);
END $$;
REVOKE ALL ON FUNCTION secure_view(text) FROM PUBLIC;
SELECT secure_view('call_log');
