-- An erasure in one statement: what destroys and what says so are one transaction, and one round trip.

-- Destroys the subject as destroy_subject() does and appends the entry that says so. Returns the
-- time of the fence. Whoever decided on an older version of the stream breaks entries_stream_version.
CREATE FUNCTION erase_subject(
    p_workspace uuid, p_subject uuid, p_recorded_at timestamptz,
    p_version integer, p_schema_version smallint, p_name text, p_body bytea
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM append(
        destroy_subject(p_workspace, p_subject), p_recorded_at,
        ARRAY[p_workspace], ARRAY[p_subject], ARRAY[p_version], ARRAY[p_schema_version],
        ARRAY[p_name], ARRAY[p_body],
        '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}', '{}', '{}'
    );
    RETURN (SELECT erased_at FROM subjects WHERE subject_id = p_subject);
END $$;

DO $$
DECLARE
    f regprocedure := 'erase_subject'::regproc;
BEGIN
    -- Else a session's own temporary tables come before the cell's, with the owner's rights.
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ringledger_writer', f);
    -- No key is destroyed without an entry that says so.
    REVOKE EXECUTE ON FUNCTION destroy_subject FROM ringledger_writer;
END $$;
