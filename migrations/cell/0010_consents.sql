-- The register of consents, and the numbers that are never marketed to again.

INSERT INTO positions VALUES ('consent_register', 0);

-- One row per subject, purpose and kind: what was said last. Built from the history.
CREATE TABLE consent_register (
    workspace_id uuid NOT NULL,
    consent_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    purpose text NOT NULL,
    kind text,
    version integer NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    said text NOT NULL,
    said_at timestamptz NOT NULL,
    form text,
    expires_at timestamptz,
    channel text NOT NULL,
    prompt_id text,
    prompt_version text,
    text_sha256 text,
    policy_version text,
    table_version text,
    rule text,
    PRIMARY KEY (consent_id)
);
CREATE INDEX consent_register_subject ON consent_register (subject_id, purpose, kind);
CREATE INDEX consent_register_newest ON consent_register (workspace_id, said_at, consent_id);
SELECT secure_view('consent_register');

-- Who had said no to a kind of marketing when they were erased, by a keyed hash of their number
-- under a key of its own. It names no subject and no time: either would lead from the number to
-- the calls of somebody who was erased. Rows are only added.
CREATE TABLE suppressions (
    workspace_id uuid NOT NULL,
    digest bytea NOT NULL,
    kind text NOT NULL,
    PRIMARY KEY (workspace_id, digest, kind)
);
ALTER TABLE suppressions ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_workspace ON suppressions FOR SELECT TO ringledger_api
    USING (workspace_id = (SELECT this_workspace()));
CREATE POLICY whole_cell ON suppressions FOR SELECT TO ringledger_writer USING (true);
GRANT SELECT ON suppressions TO ringledger_api, ringledger_writer;

-- Erases as erase_subject() does and keeps, in the same transaction, what must outlive the lookup.
-- What that is was decided on p_told entries of the subject's consents to marketing.
--
-- RL005: there are more of them by now: read again, decide again. Nothing was done.
CREATE FUNCTION erase_and_suppress(
    p_workspace uuid, p_subject uuid, p_recorded_at timestamptz,
    p_version integer, p_schema_version smallint, p_name text, p_body bytea,
    p_consents uuid[], p_told bigint, p_digests bytea[], p_kinds text[]
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    -- From here on the writers' lock is ours.
    erased_at timestamptz := erase_subject(p_workspace, p_subject, p_recorded_at,
                                           p_version, p_schema_version, p_name, p_body);
BEGIN
    IF p_told <> (SELECT count(*) FROM entries WHERE stream_id = ANY (p_consents)) THEN
        RAISE EXCEPTION USING ERRCODE = 'RL005', MESSAGE = 'more was said of a consent';
    END IF;
    INSERT INTO suppressions (workspace_id, digest, kind)
        SELECT p_workspace, d, k FROM unnest(p_digests) AS d, unnest(p_kinds) AS k
        ON CONFLICT DO NOTHING;
    RETURN erased_at;
END $$;

DO $$
DECLARE
    f regprocedure := 'erase_and_suppress'::regproc;
BEGIN
    -- Else a session's own temporary tables come before the cell's, with the owner's rights.
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ringledger_writer', f);
    -- No lookup is destroyed without what must outlive it.
    REVOKE EXECUTE ON FUNCTION erase_subject FROM ringledger_writer;
END $$;
