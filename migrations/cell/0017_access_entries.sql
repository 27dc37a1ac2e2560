-- Access entries: who was given whose personal values, when and what for. Apart from the history, and
-- for a short time: a day's entries lie in a partition of their own, which is emptied as a whole.

-- A ring of 32 days, made once: the longest period is 30. So nothing has to make tomorrow's partition
-- in time, and a cell that moves finds the same tables at its target.
CREATE TABLE access_entries (
    slot smallint NOT NULL,  -- the day's number, modulo 32
    access_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    accessed_at timestamptz NOT NULL,
    reader text NOT NULL,
    purpose text NOT NULL,
    operation text NOT NULL,
    request_id uuid NOT NULL,
    subjects uuid[] NOT NULL,
    streams uuid[] NOT NULL,
    origin bytea,  -- the reader's address and program, sealed
    PRIMARY KEY (slot, access_id)
) PARTITION BY LIST (slot);

-- What is added to the index waits in a list, which whoever fills it sorts in: a short one, for a long
-- one (4 MB by default) holds a reader up for most of a second.
CREATE INDEX access_entries_subjects ON access_entries USING gin (subjects)
    WITH (gin_pending_list_limit = 256);

DO $$
BEGIN
    FOR slot IN 0..31 LOOP
        -- A page's entry is some 2 kB, which would be compressed in vain and then lie elsewhere.
        EXECUTE format('CREATE TABLE %I PARTITION OF access_entries FOR VALUES IN (%s) '
            'WITH (toast_tuple_target = 8160)', 'access_entries_' || lpad(slot::text, 2, '0'), slot);
    END LOOP;
END $$;

ALTER TABLE access_entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY new_entry ON access_entries FOR INSERT TO ringledger_writer WITH CHECK (true);
GRANT INSERT ON access_entries TO ringledger_writer;

-- The accesses to one subject of the reader's workspace, the newest first.
-- A function: a policy asks before any operator that might tell something of a row, and so no policy
-- lets PostgreSQL use an index over arrays.
CREATE FUNCTION accesses_to(
    p_subject uuid, p_since timestamptz, p_until timestamptz, p_purpose text,
    p_before timestamptz, p_before_id uuid, p_limit integer
) RETURNS SETOF access_entries
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
BEGIN ATOMIC
    SELECT * FROM access_entries
    WHERE workspace_id = this_workspace() AND subjects @> ARRAY[p_subject]
    AND (p_since IS NULL OR accessed_at >= p_since)
    AND (p_until IS NULL OR accessed_at < p_until)
    AND (p_purpose IS NULL OR purpose = p_purpose)
    AND (p_before IS NULL OR (accessed_at, access_id) < (p_before, p_before_id))
    ORDER BY accessed_at DESC, access_id DESC LIMIT p_limit;
END;

-- Ends every entry from before that time: whole days where nothing younger lies in their partition.
-- Whoever moves the cell waits for it, or it sees the fence.
CREATE FUNCTION expire_accesses(p_kept_from timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
DECLARE
    part regclass;
    newest timestamptz;
    emptied integer := 0;
BEGIN
    PERFORM FROM counter WHERE NOT fenced FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits
                WHERE inhparent = 'access_entries'::regclass ORDER BY 1 LOOP
        EXECUTE format('SELECT max(accessed_at) FROM %s', part) INTO newest;
        IF newest < p_kept_from THEN
            EXECUTE format('TRUNCATE %s', part);
            emptied := emptied + 1;
        ELSIF newest IS NOT NULL THEN
            -- Only where nobody swept for so long that the ring went round.
            EXECUTE format('DELETE FROM %s WHERE accessed_at < $1', part) USING p_kept_from;
        END IF;
    END LOOP;
    RETURN emptied;
END $$;

-- The same for one workspace that keeps its entries for less, at most p_limit of them; how many.
CREATE FUNCTION expire_accesses_of(p_workspace uuid, p_kept_from timestamptz, p_limit integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
DECLARE
    deleted integer;
BEGIN
    PERFORM FROM counter WHERE NOT fenced FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    WITH doomed AS (
        SELECT slot, access_id FROM access_entries
        WHERE workspace_id = p_workspace AND accessed_at < p_kept_from LIMIT p_limit
    )
    DELETE FROM access_entries USING doomed
        WHERE access_entries.slot = doomed.slot AND access_entries.access_id = doomed.access_id;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
             AND proname IN ('accesses_to', 'expire_accesses', 'expire_accesses_of') LOOP
        -- Else a session's own temporary tables come before the cell's, with the owner's rights.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION accesses_to TO ringledger_api;
GRANT EXECUTE ON FUNCTION expire_accesses, expire_accesses_of TO ringledger_writer;

-- What a key's holder reads for where they do not say.
ALTER TABLE api_keys ADD COLUMN purpose text NOT NULL DEFAULT 'service';
