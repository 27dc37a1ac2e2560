-- Legal holds, restrictions and escrow: what stands in the way of destruction, and what of it survives.
-- Whatever destroys a key looks here under the writers' lock, which is also taken to place a hold.

-- What is held now: a subject, a stream (a call, above all) or the workspace, each by its id. What was
-- held is in the history.
CREATE TABLE held (
    workspace_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    held_id uuid NOT NULL,
    ground text NOT NULL,  -- for which purposes a reader sees what only the hold keeps
    PRIMARY KEY (hold_id, held_id)
);
CREATE INDEX held_things ON held (held_id);
CREATE INDEX held_of_workspace ON held (workspace_id);

-- Restricted (Art. 18): kept and not used. In this table, for whoever reads keys reads it anyway.
ALTER TABLE subjects ADD COLUMN restricted_at timestamptz;
CREATE INDEX subjects_restricted ON subjects (workspace_id) WHERE restricted_at IS NOT NULL;

-- What opens the values of one stream under one pair of locks, from before one of the two keys went.
-- It is wrapped under the workspace's key.
CREATE TABLE escrow (
    workspace_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    subject_ids uuid[] NOT NULL,
    bucket_id uuid NOT NULL,
    concerns uuid[] NOT NULL,  -- it is kept while one of these is held, or one of its subjects restricted
    wrapped bytea NOT NULL,
    PRIMARY KEY (stream_id, subject_ids, bucket_id)
);
CREATE INDEX escrow_of_workspace ON escrow (workspace_id);
CREATE INDEX escrow_subjects ON escrow USING gin (subject_ids);
CREATE INDEX escrow_bucket ON escrow (bucket_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['held', 'escrow'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY one_workspace ON %I FOR SELECT TO ringledger_api USING '
            '(workspace_id = (SELECT this_workspace()))', t);
        EXECUTE format('CREATE POLICY whole_cell ON %I FOR SELECT TO ringledger_writer USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO ringledger_api, ringledger_writer', t);
    END LOOP;
END $$;

-- Few entries place a hold or ask for an erasure, and each list of them is short.
CREATE INDEX entries_holds ON entries (workspace_id, position) WHERE name = 'hold.placed';
CREATE INDEX entries_releases ON entries (recorded_at)
    WHERE name IN ('hold.released', 'subject.restriction_lifted');
CREATE INDEX entries_erasures_asked ON entries (stream_id) WHERE name = 'subject.erasure_asked';

-- By what a stream's values can be held: its workspace, itself, whose values they are, and the calls
-- that its entries name. A recording is held with its call.
-- As json and not jsonb: that would not bear every text that a provider sends.
CREATE FUNCTION concerns(p_workspace uuid, p_stream uuid, p_name text, p_subjects uuid[]) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
    SELECT ARRAY[p_workspace, p_stream] || p_subjects || CASE WHEN p_name LIKE 'call.%' THEN '{}'::uuid[] ELSE
        coalesce((SELECT array_agg(DISTINCT call_id::uuid) FROM entries,
                         json_extract_path_text(convert_from(body, 'UTF8')::json, 'event', 'call_id') AS call_id
                  WHERE stream_id = p_stream AND call_id IS NOT NULL), '{}') END
$$;

-- Whether a hold or a restriction keeps values that would go otherwise.
CREATE FUNCTION is_kept(p_concerns uuid[], p_subjects uuid[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM held WHERE held_id = ANY (p_concerns))
        OR EXISTS (SELECT 1 FROM subjects WHERE subject_id = ANY (p_subjects) AND restricted_at IS NOT NULL)
$$;

-- What has to be in escrow before a subject's or a bucket's key may go, and is not yet. A value that
-- nobody could open any more cannot be kept; and who is erased takes their own restriction with them.
CREATE FUNCTION unescrowed(p_workspace uuid, p_subject uuid, p_bucket uuid)
RETURNS TABLE (stream_id uuid, subject_ids uuid[], bucket_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    of_hold uuid[] := ARRAY(SELECT held_id FROM held WHERE workspace_id = p_workspace);
    restricted uuid[] := ARRAY(SELECT subject_id FROM subjects WHERE workspace_id = p_workspace
                               AND restricted_at IS NOT NULL AND subject_id IS DISTINCT FROM p_subject);
BEGIN
    IF cardinality(of_hold || restricted) = 0 THEN
        RETURN;  -- most often nothing is kept
    END IF;
    RETURN QUERY
        WITH going AS (
            SELECT v.stream_id, v.name, v.subject_ids, v.bucket_id FROM vault v
                WHERE p_subject IS NOT NULL AND v.workspace_id = p_workspace
                    AND (v.subject_ids[1] = p_subject OR v.subject_ids[2] = p_subject)
            UNION ALL
            SELECT v.stream_id, v.name, v.subject_ids, v.bucket_id FROM vault v
                WHERE p_bucket IS NOT NULL AND v.workspace_id = p_workspace AND v.bucket_id = p_bucket
        )
        SELECT DISTINCT v.stream_id, v.subject_ids, v.bucket_id FROM going v
        WHERE (p_workspace = ANY (of_hold) OR v.stream_id = ANY (of_hold)
               OR v.subject_ids && of_hold OR v.subject_ids && restricted
               OR v.name NOT LIKE 'call.%'
                  AND concerns(p_workspace, v.stream_id, v.name, v.subject_ids) && of_hold)
            AND NOT EXISTS (SELECT 1 FROM escrow e WHERE e.stream_id = v.stream_id
                            AND e.subject_ids = v.subject_ids AND e.bucket_id = v.bucket_id)
            AND EXISTS (SELECT 1 FROM bucket_keys k WHERE k.bucket_id = v.bucket_id)
            AND EXISTS (SELECT 1 FROM subject_keys k WHERE k.subject_id = v.subject_ids[1])
            AND (v.subject_ids[2] IS NULL
                 OR EXISTS (SELECT 1 FROM subject_keys k WHERE k.subject_id = v.subject_ids[2]));
END $$;

-- For whoever deletes boxes: those in escrow stay.
CREATE FUNCTION is_escrowed(p_stream uuid, p_subjects uuid[], p_bucket uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM escrow
                   WHERE stream_id = p_stream AND subject_ids = p_subjects AND bucket_id = p_bucket)
$$;

-- Puts into escrow what is kept. What is in it already stays as it is.
CREATE FUNCTION take_into_escrow(
    p_workspace uuid, p_streams uuid[], p_subjects uuid[], p_co_subjects uuid[], p_buckets uuid[],
    p_wrapped bytea[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO escrow (workspace_id, stream_id, subject_ids, bucket_id, concerns, wrapped)
        SELECT p_workspace, t.stream, t.subjects, t.bucket,
               concerns(p_workspace, t.stream, v.name, t.subjects), t.wrapped
        FROM (SELECT s, CASE WHEN co IS NULL THEN ARRAY[a] ELSE ARRAY[a, co] END, b, w
              FROM unnest(p_streams, p_subjects, p_co_subjects, p_buckets, p_wrapped) AS u (s, a, co, b, w)
             ) AS t (stream, subjects, bucket, wrapped)
        CROSS JOIN LATERAL (
            SELECT name FROM vault WHERE workspace_id = p_workspace AND stream_id = t.stream
                AND subject_ids = t.subjects AND bucket_id = t.bucket LIMIT 1
        ) AS v
        ON CONFLICT DO NOTHING
$$;

-- Destroys what is in escrow and nothing keeps any more, of a workspace.
CREATE FUNCTION end_escrow(p_workspace uuid) RETURNS void
LANGUAGE sql AS $$
    DELETE FROM escrow WHERE workspace_id = p_workspace AND NOT is_kept(concerns, subject_ids)
$$;

-- Call it, with the writers' lock, before a bucket's key goes.
--
-- RL006: a hold on the whole workspace stands: the bucket has to wait for its release.
-- RL007: something in it is kept and not in escrow yet: take it there, and try again.
CREATE FUNCTION guard_bucket(p_bucket uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    workspace uuid := (SELECT workspace_id FROM buckets WHERE bucket_id = p_bucket);
BEGIN
    IF EXISTS (SELECT 1 FROM held WHERE held_id = workspace) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL006', MESSAGE = 'a hold stands';
    END IF;
    IF EXISTS (SELECT 1 FROM unescrowed(workspace, NULL, p_bucket)) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL007', MESSAGE = 'something is kept and not in escrow';
    END IF;
END $$;

-- One entry that seals nothing, with the writers' lock, which the transaction has from here on.
CREATE FUNCTION append_entry(
    p_workspace uuid, p_stream uuid, p_recorded_at timestamptz,
    p_version integer, p_schema_version smallint, p_name text, p_body bytea
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    current_epoch bigint;
BEGIN
    SELECT epoch INTO current_epoch FROM counter FOR UPDATE;
    PERFORM append(
        current_epoch, p_recorded_at,
        ARRAY[p_workspace], ARRAY[p_stream], ARRAY[p_version], ARRAY[p_schema_version],
        ARRAY[p_name], ARRAY[p_body],
        '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}', '{}', '{}'
    );
END $$;

-- A hold's entry, and what it holds from then on: nothing, once it is released.
--
-- RL003: one of the subjects was erased meanwhile: there is nothing of them to hold.
-- Whoever decided on an older version of the stream breaks entries_stream_version.
CREATE FUNCTION tell_hold(
    p_workspace uuid, p_hold uuid, p_recorded_at timestamptz,
    p_version integer, p_schema_version smallint, p_name text, p_body bytea,
    p_ground text, p_held uuid[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM append_entry(p_workspace, p_hold, p_recorded_at, p_version, p_schema_version, p_name, p_body);
    IF EXISTS (SELECT 1 FROM subjects WHERE subject_id = ANY (p_held) AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL003', MESSAGE = 'the subject is erased';
    END IF;
    DELETE FROM held WHERE hold_id = p_hold;
    INSERT INTO held (workspace_id, hold_id, held_id, ground)
        SELECT p_workspace, p_hold, id, p_ground FROM unnest(p_held) AS id;
    IF cardinality(p_held) = 0 THEN
        PERFORM end_escrow(p_workspace);
    END IF;
END $$;

-- A subject's entry that restricts their values, or lifts that. RL002 as in destroy_subject().
CREATE FUNCTION tell_restriction(
    p_workspace uuid, p_subject uuid, p_recorded_at timestamptz,
    p_version integer, p_schema_version smallint, p_name text, p_body bytea,
    p_is_restricted boolean
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM append_entry(p_workspace, p_subject, p_recorded_at, p_version, p_schema_version, p_name, p_body);
    UPDATE subjects SET restricted_at = CASE WHEN p_is_restricted THEN now() END
        WHERE subject_id = p_subject AND workspace_id = p_workspace AND erased_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL002', MESSAGE = 'no living subject of that id';
    END IF;
    IF NOT p_is_restricted THEN
        PERFORM end_escrow(p_workspace);
    END IF;
END $$;

-- As before, and now no destruction passes a hold, whatever calls it. An erasure ends a restriction:
-- whether it may do so was decided on the subject's own stream.
--
-- RL006, RL007: as in guard_bucket(), of the subject or the workspace. Nothing was done.
CREATE OR REPLACE FUNCTION destroy_subject(p_workspace uuid, p_subject uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    new_epoch bigint;
BEGIN
    UPDATE counter SET epoch = epoch + 1 WHERE NOT fenced RETURNING epoch INTO new_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
    UPDATE subjects SET erased_at = now(), restricted_at = NULL
        WHERE subject_id = p_subject AND workspace_id = p_workspace AND erased_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL002', MESSAGE = 'no living subject of that id';
    END IF;
    IF EXISTS (SELECT 1 FROM held WHERE held_id IN (p_subject, p_workspace)) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL006', MESSAGE = 'a hold stands';
    END IF;
    IF EXISTS (SELECT 1 FROM unescrowed(p_workspace, p_subject, NULL)) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL007', MESSAGE = 'something is kept and not in escrow';
    END IF;
    DELETE FROM escrow WHERE subject_ids @> ARRAY[p_subject] AND NOT is_kept(concerns, subject_ids);
    DELETE FROM subject_keys WHERE subject_id = p_subject;
    DELETE FROM lookups WHERE subject_id = p_subject;
    RETURN new_epoch;
END $$;

-- As before, but what is in escrow stays; while anything does, the subject is not marked.
DROP FUNCTION delete_values;
CREATE FUNCTION delete_values(
    p_subject uuid, p_limit integer, OUT deleted integer, OUT is_complete boolean, OUT current_epoch bigint
)
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
        WHERE (subject_ids[1] = p_subject OR subject_ids[2] = p_subject)
            AND NOT is_escrowed(stream_id, subject_ids, bucket_id)
        LIMIT p_limit FOR UPDATE
    )
    DELETE FROM vault USING doomed WHERE vault.ctid = doomed.ctid;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    is_complete := deleted < p_limit
        AND NOT EXISTS (SELECT 1 FROM escrow WHERE subject_ids @> ARRAY[p_subject]);
    IF is_complete THEN
        UPDATE subjects SET deleted_at = now() WHERE subject_id = p_subject AND deleted_at IS NULL;
    END IF;
    SELECT epoch INTO current_epoch FROM counter WHERE NOT fenced FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
END $$;

-- As before; RL006 where a hold stands on anything of the workspace.
CREATE OR REPLACE FUNCTION end_workspace(
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
    IF EXISTS (SELECT 1 FROM held WHERE workspace_id = p_workspace) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL006', MESSAGE = 'a hold stands';
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
    f regprocedure;
    name text;
BEGIN
    FOR f, name IN SELECT p.oid::regprocedure, p.proname FROM pg_proc p
                   WHERE p.pronamespace = current_schema()::regnamespace LOOP
        IF name <> 'this_workspace' THEN
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        END IF;
        IF (SELECT prosecdef FROM pg_proc WHERE oid = f) THEN
            -- A new body forgets it: else a session's own temporary tables come before the cell's.
            EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
        END IF;
        IF name IN ('unescrowed', 'take_into_escrow', 'tell_hold', 'tell_restriction', 'delete_values') THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ringledger_writer', f);
        END IF;
    END LOOP;
END $$;
