-- Key epochs: a workspace's wrapping key is made anew, and every key under it is wrapped again.
-- The rows are changed by the migration role alone, as by a move: no role of the application may.

-- While an epoch begins there are two keys: the old one, under the old master key and nothing else,
-- and the next one, under the new. A copy of this database that is made meanwhile must not lead from
-- the new master key to the old epoch.
ALTER TABLE workspace_keys
    ADD COLUMN epoch integer NOT NULL DEFAULT 0,  -- in which is wrapped from now on
    ADD COLUMN next_master_key_id text,
    ADD COLUMN next_wrapped bytea,
    ADD CHECK ((next_wrapped IS NULL) = (next_master_key_id IS NULL));

-- One row per rotation of the master key that has come to this cell; the last one wraps. It is for the
-- migration role alone.
CREATE TABLE key_rotations (
    master_key_id text PRIMARY KEY,
    begun_at timestamptz NOT NULL,
    rewrapped_at timestamptz  -- since when nothing here is under an older master key
);

-- The number of the epoch that a wrapped key is of; as sealing.epoch_of().
CREATE FUNCTION epoch_of(wrapped bytea) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN get_byte(wrapped, 0) = 2
        THEN ('x' || encode(substring(wrapped FROM 2 FOR 4), 'hex'))::bit(32)::bigint ELSE 0 END;

-- The writers' lock, for what is written without append(). Whoever rotates takes it too, so either
-- comes wholly before the other.
CREATE FUNCTION take_turn() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM counter WHERE NOT fenced FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
END $$;

-- The key of a new workspace. False, and nothing was done, where another master key wraps by now: a
-- key under the old one would be lost with it.
CREATE FUNCTION create_workspace_key(
    p_workspace uuid, p_epoch integer, p_master_key_id text, p_wrapped bytea
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    newest text;
BEGIN
    PERFORM take_turn();
    SELECT master_key_id INTO newest FROM key_rotations ORDER BY begun_at DESC LIMIT 1;
    IF newest <> p_master_key_id THEN
        RETURN false;
    END IF;
    INSERT INTO workspace_keys (workspace_id, epoch, master_key_id, wrapped)
        VALUES (p_workspace, p_epoch, p_master_key_id, p_wrapped);
    RETURN true;
END $$;

-- Whether a workspace's key is in this epoch, and until the transaction is over it stays so; null
-- where there is none. For whoever wraps without append(), which has the cell's epoch for that.
CREATE FUNCTION wraps_in(p_workspace uuid, p_epoch integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM take_turn();
    RETURN (SELECT epoch = p_epoch FROM workspace_keys WHERE workspace_id = p_workspace);
END $$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT unnest(ARRAY['create_workspace_key'::regproc, 'wraps_in'::regproc]) LOOP
        -- Else a session's own temporary tables come before the cell's, with the owner's rights.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ringledger_writer', f);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION epoch_of, take_turn FROM PUBLIC;
DROP POLICY new_workspace ON workspace_keys;
REVOKE INSERT ON workspace_keys FROM ringledger_writer;
