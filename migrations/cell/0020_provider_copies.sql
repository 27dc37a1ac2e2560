-- What the provider holds of what is to go: one row per call or message whose deletion was asked for.

INSERT INTO positions VALUES ('provider_copies', 0);

CREATE TABLE provider_copies (
    workspace_id uuid NOT NULL,
    copies_id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    of_id uuid NOT NULL,  -- the call or the message
    subjects uuid[] NOT NULL,  -- for whom it was asked
    parties uuid[] NOT NULL,  -- who took part: a hold on any of them keeps all of it
    asked_at timestamptz NOT NULL,
    is_done boolean NOT NULL,  -- the provider confirmed that all of it is gone
    next_at timestamptz,  -- not before then it is tried again; null: at once
    deletions jsonb NOT NULL,  -- of each copy: kind, the provider's id, how far it is, what remains
    PRIMARY KEY (copies_id)
);
CREATE INDEX provider_copies_due ON provider_copies (next_at NULLS FIRST) WHERE NOT is_done;
CREATE INDEX provider_copies_subjects ON provider_copies USING gin (subjects);
SELECT secure_view('provider_copies');

-- Whoever looks for what is due leaves out what is held.
CREATE POLICY whole_cell_followed ON held FOR SELECT TO ringledger_follower USING (true);
GRANT SELECT ON held TO ringledger_follower;
