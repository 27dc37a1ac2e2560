-- How far the provider's own books were read: one row per workspace, account and UTC day.

-- Which kinds of credential there are is the application's to say. A second list of them here would
-- only have to be changed with it.
ALTER TABLE credentials DROP CONSTRAINT IF EXISTS credentials_kind_check;
ALTER TABLE credentials ADD CONSTRAINT credentials_kind_check CHECK (kind ~ '^[a-z_]{1,40}$');

CREATE TABLE book_days (
    workspace_id uuid NOT NULL,
    account_id uuid NOT NULL,  -- ours, made of the account's own id, which is a credential
    day date NOT NULL,
    following text,            -- what to ask for the next page; null: begin at the first
    began_at timestamptz,      -- when the look that is under way began
    looks integer NOT NULL DEFAULT 0,  -- how often the whole day was read
    looked_at timestamptz,     -- when the last of these looks began
    PRIMARY KEY (workspace_id, account_id, day)
);

ALTER TABLE book_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_workspace ON book_days FOR SELECT TO ringledger_api USING
    (workspace_id = (SELECT this_workspace()));
CREATE POLICY whole_cell ON book_days TO ringledger_writer USING (true) WITH CHECK (true);
GRANT SELECT ON book_days TO ringledger_api, ringledger_writer;
GRANT INSERT ON book_days TO ringledger_writer;
GRANT UPDATE (following, began_at, looks, looked_at) ON book_days TO ringledger_writer;
