-- Values that go before their keys do: what rested on a consent that was withdrawn.
--
-- An empty box reads as erased. It takes the writers' lock: a hold that was placed before is seen.
-- Returns whether they are gone; where a hold or a restriction keeps one of them nothing was done.
CREATE FUNCTION empty_boxes(p_workspace uuid, p_stream uuid, p_versions integer[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM counter WHERE NOT fenced FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    IF EXISTS (
        SELECT FROM vault
        WHERE stream_id = p_stream AND workspace_id = p_workspace AND version = ANY (p_versions)
            AND is_kept(concerns(p_workspace, p_stream, name, subject_ids), subject_ids)
    ) THEN
        RETURN false;
    END IF;
    UPDATE vault SET box = ''
        WHERE stream_id = p_stream AND workspace_id = p_workspace AND version = ANY (p_versions);
    RETURN true;
END $$;

DO $$
DECLARE
    f regprocedure := 'empty_boxes'::regproc;
BEGIN
    -- Else a session's own temporary tables come before the cell's, with the owner's rights.
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ringledger_writer', f);
END $$;
