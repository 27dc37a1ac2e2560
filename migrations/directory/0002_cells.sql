-- Where each cell lies, and which one is on its way to another database.

-- An address is what whoever may read this table may know: it never holds a password.
CREATE TABLE cells (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    schema text NOT NULL,
    url text,            -- null: the deployment's own database
    migration_url text,  -- the same database for a role that may create schemas
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cells_place UNIQUE NULLS NOT DISTINCT (url, schema),
    CHECK ((url IS NULL) = (migration_url IS NULL))
);

-- Until now every cell lay in the deployment's own database, under its name.
INSERT INTO cells (name, schema) SELECT DISTINCT cell, cell FROM workspaces;
ALTER TABLE workspaces ADD CONSTRAINT workspaces_cell FOREIGN KEY (cell) REFERENCES cells;

-- One row while a cell moves: whoever goes on with it, or gives it up, finds here how far it is.
CREATE TABLE moves (
    cell text PRIMARY KEY REFERENCES cells,
    move_id uuid NOT NULL DEFAULT gen_random_uuid(),
    phase text NOT NULL DEFAULT 'copying' CHECK (phase IN ('copying', 'copied', 'moved')),
    from_migration_url text,  -- null: the deployment's own database
    url text NOT NULL,
    migration_url text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON cells TO ringledger_writer;
