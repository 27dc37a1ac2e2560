-- A fence: while a cell moves to another database, and for good where it has moved from, nothing
-- is appended and nothing erased. Who meets it asks the directory where the cell lies now.

ALTER TABLE counter ADD COLUMN fenced boolean NOT NULL DEFAULT false;

-- The same three as before, each of which now stops at the fence (RL004). They take the counter's
-- row in any case, so that asking costs nothing, and whoever waited for that row while the fence
-- went up sees it.

CREATE OR REPLACE FUNCTION append(
    p_epoch bigint,
    p_recorded_at timestamptz,
    p_workspaces uuid[], p_streams uuid[], p_versions integer[], p_schema_versions smallint[],
    p_names text[], p_bodies bytea[],
    v_entries integer[], v_fields text[], v_subjects uuid[], v_co_subjects uuid[],
    v_categories text[], v_buckets uuid[], v_key_checks bytea[], v_boxes bytea[],
    s_subjects uuid[], s_workspaces uuid[], s_wrapped bytea[], s_digests bytea[],
    b_buckets uuid[], b_workspaces uuid[], b_categories text[], b_campaigns text[], b_days date[],
    b_wrapped bytea[],
    OUT o_position bigint, OUT o_recorded_at timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    n integer := cardinality(p_streams);
    current_epoch bigint;
BEGIN
    -- The one lock. Whatever committed before it is seen by every statement below.
    UPDATE counter
        SET position = counter.position + n,
            -- Always later than the batch before: what was known at a time is then known for ever.
            recorded_at = greatest(counter.recorded_at + interval '1 microsecond', p_recorded_at)
        WHERE NOT fenced
        RETURNING counter.position - n, counter.recorded_at, counter.epoch
        INTO o_position, o_recorded_at, current_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    IF current_epoch IS DISTINCT FROM p_epoch THEN
        RAISE EXCEPTION USING ERRCODE = 'RL001', MESSAGE = 'stale';
    END IF;

    IF cardinality(s_subjects) > 0 THEN
        INSERT INTO subjects (subject_id, workspace_id)
            SELECT * FROM unnest(s_subjects, s_workspaces);
        INSERT INTO subject_keys (subject_id, workspace_id, wrapped)
            SELECT * FROM unnest(s_subjects, s_workspaces, s_wrapped);
        INSERT INTO lookups (digest, workspace_id, subject_id)
            SELECT d, w, s FROM unnest(s_digests, s_workspaces, s_subjects) AS t (d, w, s)
            WHERE d IS NOT NULL;
    END IF;

    IF cardinality(b_buckets) > 0 THEN
        INSERT INTO buckets (bucket_id, workspace_id, category, campaign, day)
            SELECT * FROM unnest(b_buckets, b_workspaces, b_categories, b_campaigns, b_days);
        INSERT INTO bucket_keys (bucket_id, workspace_id, wrapped)
            SELECT * FROM unnest(b_buckets, b_workspaces, b_wrapped);
    END IF;

    INSERT INTO entries (position, recorded_at, workspace_id, stream_id, version, schema_version, name, body)
        SELECT o_position + i, o_recorded_at, w, s, v, sv, m, b
        FROM unnest(p_workspaces, p_streams, p_versions, p_schema_versions, p_names, p_bodies)
            WITH ORDINALITY AS t (w, s, v, sv, m, b, i);

    IF cardinality(v_entries) > 0 THEN
        INSERT INTO vault (stream_id, version, schema_version, field, name, workspace_id, subject_ids,
                           category, bucket_id, key_check, box)
            SELECT p_streams[e], p_versions[e], p_schema_versions[e], f, p_names[e], p_workspaces[e],
                   CASE WHEN co IS NULL THEN ARRAY[s] ELSE ARRAY[s, co] END, c, b, k, x
            FROM unnest(v_entries, v_fields, v_subjects, v_co_subjects, v_categories, v_buckets,
                        v_key_checks, v_boxes) AS t (e, f, s, co, c, b, k, x);
    END IF;

    -- A hint: followers poll as well. Once per batch, for its commit lock is global.
    PERFORM pg_notify('ringledger_' || current_schema(), '');
END $$;

-- What erases: the key and the lookup go, the fence stands. It takes the writers' lock, so an append
-- came wholly before it or finds itself stale. The erasure's own entry is appended in the same
-- transaction, with the epoch that this returns.
CREATE OR REPLACE FUNCTION destroy_subject(p_workspace uuid, p_subject uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    new_epoch bigint;
BEGIN
    UPDATE counter SET epoch = epoch + 1 WHERE NOT fenced RETURNING epoch INTO new_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    UPDATE subjects SET erased_at = now()
        WHERE subject_id = p_subject AND workspace_id = p_workspace AND erased_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL002', MESSAGE = 'no living subject of that id';
    END IF;
    DELETE FROM subject_keys WHERE subject_id = p_subject;
    DELETE FROM lookups WHERE subject_id = p_subject;
    RETURN new_epoch;
END $$;

-- After the keys, the boxes: at most p_limit of them, of an erased subject only. Fewer than that
-- means that none is left, and the subject is marked so.
-- The writers' lock comes last, for the entry that follows: a large deletion holds up nobody.
CREATE OR REPLACE FUNCTION delete_values(p_subject uuid, p_limit integer, OUT deleted integer, OUT current_epoch bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM subjects WHERE subject_id = p_subject AND erased_at IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL003', MESSAGE = 'the subject is not erased';
    END IF;
    -- Locked before they are counted: whoever waited for another's batch takes the next one, and
    -- fewer than p_limit still means that none is left.
    WITH doomed AS (
        SELECT ctid FROM vault
        WHERE subject_ids[1] = p_subject OR subject_ids[2] = p_subject LIMIT p_limit FOR UPDATE
    )
    DELETE FROM vault USING doomed WHERE vault.ctid = doomed.ctid;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    IF deleted < p_limit THEN
        UPDATE subjects SET deleted_at = now() WHERE subject_id = p_subject AND deleted_at IS NULL;
    END IF;
    SELECT epoch INTO current_epoch FROM counter WHERE NOT fenced FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
END $$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p
             WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef LOOP
        -- A new body forgets it. The grants stand.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
    END LOOP;
END $$;
