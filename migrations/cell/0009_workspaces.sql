-- The end of a workspace: who looks whether one is closed finds it at once, and its key goes for good.

-- Few entries open or close a workspace, and every request asks: the index holds those alone.
CREATE INDEX entries_closures ON entries (stream_id, version)
    WHERE name IN ('workspace.closed', 'workspace.reopened', 'workspace.keys_destroyed');

-- Destroys the workspace's key, and with it whatever is wrapped or sealed under it, and appends the
-- entry that says so. It takes the writers' lock, so an append came wholly before it or finds itself
-- stale. Whoever decided on an older version of the stream breaks entries_stream_version.
CREATE FUNCTION end_workspace(
    p_workspace uuid, p_recorded_at timestamptz,
    p_version integer, p_schema_version smallint, p_name text, p_body bytea
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    new_epoch bigint;
BEGIN
    UPDATE counter SET epoch = epoch + 1 WHERE NOT fenced RETURNING epoch INTO new_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    DELETE FROM workspace_keys WHERE workspace_id = p_workspace;
    PERFORM append(
        new_epoch, p_recorded_at,
        ARRAY[p_workspace], ARRAY[p_workspace], ARRAY[p_version], ARRAY[p_schema_version],
        ARRAY[p_name], ARRAY[p_body],
        '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}', '{}', '{}'
    );
END $$;

DO $$
DECLARE
    f regprocedure := 'end_workspace'::regproc;
BEGIN
    -- Else a session's own temporary tables come before the cell's, with the owner's rights.
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ringledger_writer', f);
END $$;
