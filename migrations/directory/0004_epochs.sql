-- Rotations of the master key: whoever goes on with one that broke off finds here which it is.

CREATE TABLE key_rotations (
    master_key_id text PRIMARY KEY,   -- the new one
    old_master_key_ids text[] NOT NULL,  -- what is destroyed once nothing is under it
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE UNIQUE INDEX key_rotations_one_at_a_time ON key_rotations ((true)) WHERE ended_at IS NULL;
