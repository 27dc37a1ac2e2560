-- How far a cell has come in its erasure ledger, which is a file outside the database: the last act
-- of it that was carried out here. It stands in the counter's row, so that it changes in the
-- transaction that destroys, goes where the cell goes, and a backup has the mark of its own time.

ALTER TABLE counter
    ADD COLUMN ledger_number bigint NOT NULL DEFAULT 0,
    ADD COLUMN ledger_sha256 text NOT NULL DEFAULT '';

-- The writers' lock, until the transaction ends, and the mark. Whoever has it writes the ledger:
-- its acts are in the order of their commits, and at most one of them is under way.
CREATE FUNCTION lock_erasures(OUT o_number bigint, OUT o_sha256 text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    SELECT ledger_number, ledger_sha256 INTO o_number, o_sha256
        FROM counter WHERE NOT fenced FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
END $$;

-- The act of that line is carried out, in this transaction.
CREATE FUNCTION mark_erasure(p_number bigint, p_sha256 text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE counter SET ledger_number = p_number, ledger_sha256 = p_sha256 WHERE NOT fenced;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RL004', MESSAGE = 'the cell is moving, or has moved';
    END IF;
END $$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOREACH f IN ARRAY ARRAY['lock_erasures'::regproc, 'mark_erasure'::regproc] LOOP
        -- Else a session's own temporary tables come before the cell's, with the owner's rights.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ringledger_writer', f);
    END LOOP;
END $$;
