-- Which cell holds which workspace. Everything else of a workspace lies in its cell.

CREATE TABLE workspaces (
    workspace_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    cell text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Not to ringledger_api: it sees one workspace at a time, and never the names of the others.
GRANT SELECT, INSERT ON workspaces TO ringledger_writer;
