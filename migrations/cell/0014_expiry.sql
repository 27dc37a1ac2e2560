-- The end of retention periods: buckets' keys, then the boxes that they opened.

-- Once the boxes in it are deleted: of how many locks they stay, because these are in escrow.
ALTER TABLE buckets ADD COLUMN kept bigint;
CREATE INDEX buckets_living ON buckets (workspace_id, category, campaign, day)
    WHERE destroyed_at IS NULL;
CREATE INDEX buckets_gone ON buckets (workspace_id, category, campaign, day)
    WHERE destroyed_at IS NOT NULL;
CREATE INDEX buckets_to_delete ON buckets (workspace_id, day)
    WHERE destroyed_at IS NOT NULL AND kept IS DISTINCT FROM 0;
CREATE INDEX vault_bucket ON vault (bucket_id);

-- What a workspace's periods rest on, and whether it is ended. Few entries say so, and every sweep
-- asks: the index holds those alone.
CREATE INDEX entries_retention ON entries (stream_id, version)
    WHERE name IN ('workspace.profile_set', 'workspace.region_set', 'workspace.retention_period_set',
                   'workspace.retention_period_cleared', 'workspace.closed', 'workspace.reopened',
                   'workspace.keys_destroyed');

CREATE INDEX entries_ended ON entries (stream_id)
    WHERE name IN ('workspace.keys_destroyed', 'workspace.remains_deleted');

-- Takes the writers' lock, for whoever decides under it what expires, and moves the epoch. Whatever
-- was appended before is seen from here on: a longer period that was set, a hold that was placed.
CREATE FUNCTION begin_expiry() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    new_epoch bigint;
BEGIN
    UPDATE counter SET epoch = epoch + 1 WHERE NOT fenced RETURNING epoch INTO new_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    RETURN new_epoch;
END $$;

-- Destroys the keys of these buckets and appends the entries that say so, for many workspaces at
-- once. In the transaction that began with begin_expiry(): under another epoch nothing is appended
-- (RL001) and so nothing destroyed.
--
-- RL006, RL007: as in guard_bucket(). RL008: somebody else destroyed one of them, or there is no such
-- bucket. Nothing was done.
CREATE FUNCTION destroy_buckets(
    p_epoch bigint, p_recorded_at timestamptz, p_buckets uuid[],
    p_workspaces uuid[], p_streams uuid[], p_versions integer[], p_schema_versions smallint[],
    p_names text[], p_bodies bytea[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    destroyed integer;
BEGIN
    PERFORM append(
        p_epoch, p_recorded_at,
        p_workspaces, p_streams, p_versions, p_schema_versions, p_names, p_bodies,
        '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}', '{}', '{}'
    );
    -- Of a workspace that is ended nothing is kept: its end was refused for as long as something was.
    PERFORM guard_bucket(bucket_id) FROM buckets
        WHERE bucket_id = ANY (p_buckets)
        AND workspace_id IN (SELECT workspace_id FROM workspace_keys WHERE workspace_id = ANY (p_workspaces));
    -- No key goes without an entry of its workspace.
    UPDATE buckets SET destroyed_at = now()
        WHERE bucket_id = ANY (p_buckets) AND workspace_id = ANY (p_workspaces) AND destroyed_at IS NULL;
    GET DIAGNOSTICS destroyed = ROW_COUNT;
    IF destroyed <> cardinality(p_buckets) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL008', MESSAGE = 'not all of these buckets are living';
    END IF;
    DELETE FROM bucket_keys WHERE bucket_id = ANY (p_buckets);
END $$;

-- Whether there are boxes in a destroyed bucket that are to be deleted, or may be: where fewer locks are
-- in escrow than before, a hold or a restriction of it has ended.
CREATE FUNCTION is_to_be_emptied(p_bucket uuid, p_kept bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT p_kept IS NULL OR p_kept <> (SELECT count(*) FROM escrow WHERE bucket_id = p_bucket)
$$;

-- Whether nothing of a living subject is left but their number's lookup.
CREATE FUNCTION is_lapsed(p_subject uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM vault WHERE subject_ids[1] = p_subject)
        AND NOT EXISTS (SELECT FROM vault WHERE subject_ids[2] = p_subject)
        AND NOT EXISTS (SELECT FROM consent_register WHERE subject_id = p_subject)
        AND EXISTS (SELECT FROM lookups l JOIN subjects s USING (subject_id)
                    WHERE s.subject_id = p_subject AND s.erased_at IS NULL AND s.restricted_at IS NULL)
$$;

-- After the keys, the boxes: at most p_limit of them, of destroyed buckets of one workspace only. What is in
-- escrow stays.
-- Whoever deletes a box otherwise (an erasure) is not waited for: its bucket is empty the next time.
-- The writers' lock comes last, for the entry that follows: a large deletion holds up nobody.
CREATE FUNCTION delete_expired(
    p_workspace uuid, p_limit integer,
    OUT deleted integer, OUT emptied integer, OUT is_complete boolean, OUT current_epoch bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    doomed uuid[] := ARRAY(
        SELECT bucket_id FROM buckets
        WHERE workspace_id = p_workspace AND destroyed_at IS NOT NULL AND kept IS DISTINCT FROM 0
            AND is_to_be_emptied(bucket_id, kept)
        ORDER BY day LIMIT 500
    );
BEGIN
    WITH boxes AS (
        SELECT ctid FROM vault
        WHERE bucket_id = ANY (doomed) AND NOT is_escrowed(stream_id, subject_ids, bucket_id)
        LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM vault USING boxes WHERE vault.ctid = boxes.ctid RETURNING subject_ids
    ), noted AS (
        INSERT INTO lapsing (workspace_id, subject_id)
            SELECT DISTINCT p_workspace, unnest(subject_ids) FROM gone ON CONFLICT DO NOTHING
    )
    SELECT count(*) INTO deleted FROM gone;
    SELECT epoch INTO current_epoch FROM counter WHERE NOT fenced FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    WITH finished AS (
        SELECT b.bucket_id, left_over.locks FROM buckets b
        CROSS JOIN LATERAL (SELECT count(*) AS locks FROM escrow e WHERE e.bucket_id = b.bucket_id) AS left_over
        WHERE b.bucket_id = ANY (doomed) AND is_to_be_emptied(b.bucket_id, kept) AND NOT EXISTS (
            SELECT FROM vault v WHERE v.bucket_id = b.bucket_id
            AND NOT is_escrowed(v.stream_id, v.subject_ids, v.bucket_id)
        )
    )
    UPDATE buckets b SET kept = locks
        FROM finished WHERE b.bucket_id = finished.bucket_id;
    GET DIAGNOSTICS emptied = ROW_COUNT;
    is_complete := NOT EXISTS (
        SELECT FROM buckets
        WHERE workspace_id = p_workspace AND destroyed_at IS NOT NULL AND kept IS DISTINCT FROM 0
            AND is_to_be_emptied(bucket_id, kept)
    );
END $$;

-- Whoever lost a value lately, and may have none left.
CREATE TABLE lapsing (
    workspace_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    PRIMARY KEY (workspace_id, subject_id)
);
ALTER TABLE lapsing ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_workspace ON lapsing FOR SELECT TO ringledger_api
    USING (workspace_id = (SELECT this_workspace()));
CREATE POLICY whole_cell ON lapsing FOR SELECT TO ringledger_writer USING (true);
GRANT SELECT ON lapsing TO ringledger_api, ringledger_writer;

-- Who has no value left and said nothing of a consent is found by their number no more: it would lead to
-- the ids of calls of which nobody else knows whose they were. A number that returns is somebody new.
-- At most p_limit of them are looked at; without one to forget the epoch stays as it is.
CREATE FUNCTION forget_lapsed(
    p_workspace uuid, p_limit integer, OUT forgotten integer, OUT looked_at integer, OUT current_epoch bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    lapsed uuid[] := ARRAY(SELECT subject_id FROM lapsing WHERE workspace_id = p_workspace LIMIT p_limit);
BEGIN
    looked_at := cardinality(lapsed);
    forgotten := 0;
    IF EXISTS (SELECT FROM unnest(lapsed) AS s WHERE is_lapsed(s)) THEN
        current_epoch := begin_expiry();
        -- Looked at again under the writers' lock: somebody may have called meanwhile.
        DELETE FROM lookups WHERE workspace_id = p_workspace AND subject_id = ANY (lapsed) AND is_lapsed(subject_id);
        GET DIAGNOSTICS forgotten = ROW_COUNT;
    END IF;
    DELETE FROM lapsing WHERE workspace_id = p_workspace AND subject_id = ANY (lapsed);
END $$;

-- Once all boxes of a workspace whose key is destroyed are deleted: whatever else was sealed or wrapped
-- under that key, or leads to a person. Nothing, as long as boxes are left. Ids and fences stay.
CREATE FUNCTION delete_remains(
    p_workspace uuid, OUT is_done boolean, OUT keys bigint, OUT lookups bigint, OUT secrets bigint,
    OUT current_epoch bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM workspace_keys WHERE workspace_id = p_workspace) OR NOT EXISTS (
        SELECT FROM entries WHERE stream_id = p_workspace AND name = 'workspace.keys_destroyed'
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL003', MESSAGE = 'the workspace is not ended';
    END IF;
    -- What was kept was wrapped under the workspace's key too.
    DELETE FROM escrow e WHERE e.workspace_id = p_workspace;
    is_done := NOT EXISTS (
        SELECT FROM buckets b WHERE b.workspace_id = p_workspace
            AND (b.destroyed_at IS NULL OR b.kept IS DISTINCT FROM 0)
    );
    IF is_done THEN
        DELETE FROM subject_keys k WHERE k.workspace_id = p_workspace;
        GET DIAGNOSTICS keys = ROW_COUNT;
        DELETE FROM lookups l WHERE l.workspace_id = p_workspace;
        GET DIAGNOSTICS lookups = ROW_COUNT;
        DELETE FROM lapsing p WHERE p.workspace_id = p_workspace;
        DELETE FROM suppressions s WHERE s.workspace_id = p_workspace;
        DELETE FROM credentials c WHERE c.workspace_id = p_workspace;
        GET DIAGNOSTICS secrets = ROW_COUNT;
    END IF;
    SELECT epoch INTO current_epoch FROM counter WHERE NOT fenced FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
END $$;

-- For a reader who asks what would go: what would be taken into escrow of these buckets of theirs.
CREATE FUNCTION kept_of(p_buckets uuid[]) RETURNS TABLE (stream_id uuid, subject_ids uuid[], bucket_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT kept.* FROM unnest(p_buckets) AS b CROSS JOIN LATERAL unescrowed(this_workspace(), NULL, b) AS kept
$$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    REVOKE ALL ON FUNCTION is_lapsed FROM PUBLIC;
    REVOKE ALL ON FUNCTION is_to_be_emptied FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION is_to_be_emptied TO ringledger_writer;
    FOREACH f IN ARRAY ARRAY['begin_expiry'::regproc, 'destroy_buckets'::regproc, 'delete_expired'::regproc, 'delete_remains'::regproc,
                             'forget_lapsed'::regproc,
                             'kept_of'::regproc] LOOP
        -- Else a session's own temporary tables come before the cell's, with the owner's rights.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ringledger_writer', f);
    END LOOP;
    REVOKE EXECUTE ON FUNCTION kept_of FROM ringledger_writer;
    GRANT EXECUTE ON FUNCTION kept_of TO ringledger_api;
END $$;
